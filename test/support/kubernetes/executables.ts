import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Go, goExecutable, goInstall } from '../go-build.ts';

const kubernetes = '1.36.3';
/** The version of the modules that Kubernetes is made of. */
const staging = 'v0.36.3';
const etcd = '3.7.3';
const kwok = 'v0.8.0';

export interface Executables {
  etcd: string;
  apiServer: string;
  controllerManager: string;
  kwok: string;
  /** How kwok plays nodes and pods: its own stages, in one file. */
  stages: string;
}

/** The paths of a control plane's programs, built on first use: ten minutes, then none. */
export async function findExecutables(): Promise<Executables> {
  return {
    kwok: await goInstall('kwok', 'sigs.k8s.io/kwok/cmd/kwok', kwok),
    stages: await goExecutable({ name: 'kwok-stages', version: kwok, build: joinStages }),
    etcd: await goExecutable({ name: 'etcd', version: etcd, build: buildEtcd }),
    apiServer: await component('kube-apiserver'),
    controllerManager: await component('kube-controller-manager'),
  };
}

const component = (name: 'kube-apiserver' | 'kube-controller-manager'): Promise<string> =>
  goExecutable({
    name,
    version: kubernetes,
    async build(go, output, cwd) {
      await requireKubernetes(go, cwd);
      const source = `package build\n\nimport _ "k8s.io/kubernetes/cmd/${name}/app"\n`;
      await writeFile(join(cwd, 'build.go'), source);
      await go(['mod', 'tidy'], { cwd });
      await go(['build', '-ldflags=-s', '-o', output, `k8s.io/kubernetes/cmd/${name}`], { cwd });
    },
  });

/** Kubernetes names its own modules as v0.0.0 and replaces them by folders that a module lacks. */
async function requireKubernetes(go: Go, cwd: string): Promise<void> {
  const at = `k8s.io/kubernetes@v${kubernetes}`;
  const { GoMod: path } = JSON.parse(await go(['mod', 'download', '-json', at], { cwd })) as {
    GoMod: string;
  };
  const names = [...(await readFile(path, 'utf8')).matchAll(/^\s*(k8s\.io\/\S+) v0\.0\.0$/gm)];
  const replaced = names.map(([, name = '']) => `-replace=${name}=${name}@${staging}`);
  await go(['mod', 'init', 'build'], { cwd });
  await go(['mod', 'edit', `-require=${at}`, ...replaced], { cwd });
}

async function buildEtcd(go: Go, output: string, cwd: string): Promise<void> {
  const server = 'go.etcd.io/etcd/server/v3';
  await go(['mod', 'init', 'build'], { cwd });
  await go(['get', `${server}@v${etcd}`], { cwd });
  await go(['build', '-ldflags=-s', '-o', output, server], { cwd });
}

async function joinStages(go: Go, output: string): Promise<void> {
  const { Dir: folder } = JSON.parse(
    await go(['mod', 'download', '-json', `sigs.k8s.io/kwok@${kwok}`]),
  ) as { Dir: string };
  const files = ['node/fast/node-initialize', 'node/heartbeat/node-heartbeat'];
  const pods = ['ready', 'complete', 'delete'].map((stage) => `pod/fast/pod-${stage}`);
  const texts = [...files, ...pods].map((file) =>
    readFile(join(folder, 'kustomize/stage', `${file}.yaml`), 'utf8'),
  );
  await writeFile(output, (await Promise.all(texts)).join('\n---\n'));
}
