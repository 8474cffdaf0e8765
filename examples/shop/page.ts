/** The shop's front page. It reloads itself, so that a deploy can be watched in a browser. */
export function page(version: string, fault: string | undefined): string {
  const works = fault === undefined;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="refresh" content="1">
    <meta name="viewport" content="width=device-width">
    <title>Shop ${version}</title>
    <style>
      body { font: 18px/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 30rem; padding: 0 1rem; }
      strong { color: ${works ? '#146c2e' : '#b3261e'}; }
    </style>
  </head>
  <body>
    <h1>Shop</h1>
    <p>Release <code>${version}</code></p>
    <p><strong>${works ? 'Checkout works.' : 'Checkout is broken: nobody can buy.'}</strong></p>
  </body>
</html>
`;
}
