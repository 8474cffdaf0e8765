import { z } from 'zod';
import { duration } from '../../../process/duration.ts';
import { short } from '../pace.ts';
import { imageOf, isImage } from './image.ts';

/** RFC 1123, as Kubernetes wants the names of namespaces, workloads and containers. */
const dnsName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, {
    error: 'must be a Kubernetes name: small letters, digits, - and .',
  });

const exampleRefs = ['v1', `sha256:${'0'.repeat(64)}`];

const imageTemplate = z
  .string()
  .refine(
    (template) =>
      template.includes('{ref}') && exampleRefs.some((ref) => isImage(imageOf(template, ref))),
    {
      error: 'must be an image in which {ref} stands for the ref, such as r.example.com/shop:{ref}',
    },
  );

const loopback = /^(localhost|\[::1\]|127(\.\d+){3})$/;

/** Whether what is sent there cannot be read on the way. */
function keepsSecrets(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname));
}

/** The keys that make no sense without another one. */
const companions = [
  ['context', 'kubeconfig'],
  ['tokenEnv', 'server'],
  ['caFile', 'server'],
  ['server', 'tokenEnv'],
] as const;

export const kubernetesConfigSchema = z
  .strictObject({
    adapter: z.literal('kubernetes'),
    kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']).describe('What runs the service'),
    namespace: dnsName.describe('The namespace it is in'),
    name: dnsName.describe('Its name'),
    container: dnsName
      .optional()
      .describe('The container that gets the image; only needed where there are several'),
    image: imageTemplate.describe('The image of a fix, in which {ref} stands for its ref'),
    kubeconfig: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A kubeconfig file; without it and without server, the service account of the pod that Hotfix runs in',
      ),
    context: z
      .string()
      .min(1)
      .optional()
      .describe('The context of the kubeconfig file; without it, its current one'),
    server: z
      .url({ error: 'must be a url' })
      .refine(keepsSecrets, {
        error: 'must be an https url (http only on loopback), since the token goes there',
      })
      .optional()
      .describe('The API server, where a token is used instead of a kubeconfig file'),
    tokenEnv: z
      .string()
      .min(1)
      .optional()
      .describe('The environment variable with the bearer token for the server'),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('The certificates (PEM) that the server is trusted by; without it, the system’s'),
    interval: short.prefault('2s').describe('How often the rollout is looked at'),
    requestTimeout: short.prefault('10s').describe('For each request'),
    timeout: duration.prefault('15m').describe('For the whole step, from its start to its end'),
  })
  .superRefine((config, context) => {
    for (const [key, needed] of companions) {
      if (config[key] === undefined || config[needed] !== undefined) continue;
      context.addIssue({ code: 'custom', path: [key], message: `needs ${needed} beside it` });
    }
    if (config.kubeconfig !== undefined && config.server !== undefined) {
      const message = 'is one way to the cluster and kubeconfig another: keep one of them';
      context.addIssue({ code: 'custom', path: ['server'], message });
    }
  })
  .describe('Gives a workload in Kubernetes a new image and follows its rollout');
export type KubernetesConfig = z.infer<typeof kubernetesConfigSchema>;
