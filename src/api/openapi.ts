import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

/** The description of the API, drawn from the schemas of its routes, and the page at `/docs`. */
export async function describeApi(app: FastifyInstance, isOpen: boolean): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Hotfix',
        version: '0.1.0',
        description: 'The hotfix process as a durable workflow: start incidents, complete roles.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'incidents', description: 'Start, list and read incidents' },
        { name: 'signals', description: 'What roles complete, and what else is said' },
        { name: 'operations', description: 'Whether everything is there' },
      ],
      ...(isOpen ? {} : needsToken),
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withoutInputs(jsonSchemaTransformObject(document)),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // Without the bar of the library: there is one description, and it is loaded.
    uiConfig: { docExpansion: 'list', layout: 'BaseLayout' },
    theme: { title: 'Hotfix API', favicon: [] },
  });
  app.get('/openapi.json', { config: { isPublic: true }, schema: { hide: true } }, async () =>
    app.swagger(),
  );
  app.get('/', { config: { isPublic: true }, schema: { hide: true } }, async (_, reply) =>
    reply.redirect('/docs'),
  );
}

const needsToken = {
  components: {
    securitySchemes: {
      token: {
        type: 'http' as const,
        scheme: 'bearer',
        description: '`npm run token -- PERSON`',
      },
    },
  },
  security: [{ token: [] }],
};

type Description = ReturnType<typeof jsonSchemaTransformObject>;

/** Only answers have names, so the second variant of each that the library adds, for input, is unused. */
function withoutInputs(document: Description): Description {
  if (!('components' in document)) return document;
  const { components } = document;
  const schemas = Object.entries(components?.schemas ?? {});
  const used = Object.fromEntries(schemas.filter(([name]) => !name.endsWith('Input')));
  return { ...document, components: { ...components, schemas: used } } as Description;
}
