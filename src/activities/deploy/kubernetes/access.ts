import { existsSync, readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import type { AdapterDeps } from '../../deps.ts';
import { messageOf } from '../../failures.ts';
import type { KubernetesConfig } from './config.ts';

/** The way to a cluster. */
export interface ClusterAccess {
  kubeConfig: KubeConfig;
  /** The API server. */
  server: string;
  /** By which setting the requests are authenticated, as in a sentence. */
  credential: string;
}

/** Throws a sentence where what the configuration names is not there or cannot be read. */
export function accessTo(config: KubernetesConfig, deps: AdapterDeps): ClusterAccess {
  const kubeConfig = new KubeConfig();
  const credential = load(kubeConfig, config, deps);
  const server = kubeConfig.getCurrentCluster()?.server;
  if (server === undefined || !URL.canParse(server)) {
    throw new Error(
      `${credential} names no cluster to go to: set a current context in it, or context in the configuration.`,
    );
  }
  return { kubeConfig, server, credential };
}

/** Fills it, and says what the requests are then authenticated by. */
function load(kubeConfig: KubeConfig, config: KubernetesConfig, deps: AdapterDeps): string {
  const { kubeconfig, context, server, tokenEnv, caFile } = config;
  if (kubeconfig !== undefined) return loadFile(kubeConfig, kubeconfig, context);
  if (server === undefined || tokenEnv === undefined) return loadPod(kubeConfig, deps);
  // On loopback, where it is allowed, the client wants to be told that there is no TLS to verify.
  const isPlain = server.startsWith('http:');
  const caData = caFile && readCertificates(caFile).toString('base64');
  kubeConfig.loadFromClusterAndUser(
    {
      name: 'cluster',
      server: server.replace(/\/$/, ''),
      skipTLSVerify: isPlain,
      ...(caData && { caData }),
    },
    { name: 'user', token: deps.secret(tokenEnv) },
  );
  return `the token in ${tokenEnv}`;
}

function loadFile(kubeConfig: KubeConfig, path: string, context: string | undefined): string {
  try {
    kubeConfig.loadFromFile(path);
  } catch (error) {
    throw new Error(
      `The kubeconfig file ${path} cannot be read (${messageOf(error).split('\n', 1)[0]}): check the path, and that it is a kubeconfig.`,
    );
  }
  const known = kubeConfig.getContexts().map(({ name }) => name);
  if (context !== undefined && !known.includes(context)) {
    throw new Error(
      `The kubeconfig file ${path} has no context "${context}": it has ${known.join(', ') || 'none'}.`,
    );
  }
  if (context !== undefined) kubeConfig.setCurrentContext(context);
  return `the kubeconfig file ${path}`;
}

const podToken = '/var/run/secrets/kubernetes.io/serviceaccount/token';

function loadPod(kubeConfig: KubeConfig, { environment }: AdapterDeps): string {
  if (!environment.KUBERNETES_SERVICE_HOST || !existsSync(podToken)) {
    throw new Error(
      'A deploy by kubernetes names no cluster, and Hotfix does not run in one: set kubeconfig, or server and tokenEnv.',
    );
  }
  kubeConfig.loadFromCluster();
  return 'the service account of this pod';
}

function readCertificates(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`The caFile ${path} cannot be read (${messageOf(error)}): check the path.`);
  }
}
