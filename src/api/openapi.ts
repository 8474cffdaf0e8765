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
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: '`npm run token -- PERSON`' },
        },
      },
      ...(isOpen ? {} : { security: [{ token: [] }] }),
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { docExpansion: 'list' } });
  app.get('/openapi.json', { config: { isPublic: true }, schema: { hide: true } }, async () =>
    app.swagger(),
  );
  app.get('/', { config: { isPublic: true }, schema: { hide: true } }, async (_, reply) =>
    reply.redirect('/docs'),
  );
}
