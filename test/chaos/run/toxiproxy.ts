import getPort from 'get-port';
import { goInstall } from '../../support/go-build.ts';
import { Program } from '../../support/processes.ts';

/** Toxiproxy: what stands between the processes and Temporal, and fails as networks do. */
export class Toxiproxy {
  private readonly program: Program;
  private readonly url: string;

  private constructor(program: Program, port: number) {
    this.program = program;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<Toxiproxy> {
    const source = 'github.com/Shopify/toxiproxy/v2/cmd/server';
    const executable = await goInstall('toxiproxy', source, 'v2.5.0').catch((error: unknown) => {
      throw new Error(`The fault run needs Go, of which it builds Toxiproxy: ${String(error)}`);
    });
    const port = await getPort();
    const program = new Program(['-host', '127.0.0.1', '-port', String(port)], {}, executable);
    await program.says('Starting HTTP server');
    return new Toxiproxy(program, port);
  }

  /** A way of its own to `upstream` for the process `name`; answers the address to call. */
  async open(name: string, upstream: string): Promise<string> {
    const listen = `127.0.0.1:${await getPort()}`;
    await this.call('POST', '/proxies', { name, listen, upstream, enabled: true });
    return listen;
  }

  /** Ends every connection and takes no new one. */
  async cut(name: string): Promise<void> {
    await this.call('POST', `/proxies/${name}`, { enabled: false });
  }

  /** Bytes arrive late, in both directions. */
  async delay(name: string, milliseconds: number): Promise<void> {
    await this.toxic(name, 'latency', {
      latency: milliseconds,
      jitter: Math.round(milliseconds / 2),
    });
  }

  /** Bytes are taken and go nowhere, on connections that stay open. */
  async mute(name: string): Promise<void> {
    await this.toxic(name, 'timeout', { timeout: 0 });
  }

  /** All is well again. */
  async mend(name: string): Promise<void> {
    const proxy = (await this.call('GET', `/proxies/${name}`)) as { toxics: { name: string }[] };
    for (const toxic of proxy.toxics) {
      await this.call('DELETE', `/proxies/${name}/toxics/${toxic.name}`);
    }
    await this.call('POST', `/proxies/${name}`, { enabled: true });
  }

  async stop(): Promise<void> {
    await this.program.end('SIGKILL');
    this.program.forget();
  }

  private async toxic(proxy: string, type: string, attributes: object): Promise<void> {
    for (const stream of ['upstream', 'downstream']) {
      await this.call('POST', `/proxies/${proxy}/toxics`, { type, stream, attributes });
    }
  }

  private async call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Toxiproxy refuses ${method} ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
