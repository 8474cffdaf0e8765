import { expect, test } from 'vitest';
import { html } from '../../src/process/html.ts';

test('what is filled in is text', () => {
  expect(html`<p title="${`"'`}">${'<script>&'}</p>`.markup).toBe(
    '<p title="&quot;&#39;">&lt;script&gt;&amp;</p>',
  );
});

test('markup within markup stays markup, and what is not there is nothing', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
  expect(html`<ul>${items}${false}${null}${undefined}${0}</ul>`.markup).toBe(
    '<ul><li>a</li><li>&lt;b&gt;</li>0</ul>',
  );
});
