import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

const errorSchema = {
  type: 'object' as const,
  required: ['error'],
  properties: {
    error: {
      type: 'object' as const,
      required: ['code', 'message'],
      properties: {
        code: { type: 'string' as const, description: 'Stable; docs/errors.md has each.' },
        message: { type: 'string' as const },
        details: {},
      },
    },
  },
  example: {
    error: { code: 'CHR_FORBIDDEN', message: 'This needs the role user; the key has ingest.' },
  },
};

const rateLimitHeaders = Object.fromEntries(
  ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'Retry-After'].map((name) => [
    name,
    { schema: { type: 'integer' as const } },
  ]),
);

type IntegerHeaders = Record<string, { schema: { type: 'integer' } }>;

const errorResponse = (description: string, headers?: IntegerHeaders) => ({
  description,
  ...(headers === undefined ? {} : { headers }),
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
});

const components = {
  securitySchemes: {
    bearer: { type: 'http' as const, scheme: 'bearer', description: 'The key.' },
    basic: { type: 'http' as const, scheme: 'basic', description: 'Any user name, the key as password.' },
  },
  schemas: { Error: errorSchema },
  responses: {
    Refused: errorResponse('Refused; the code says why.'),
    Limited: errorResponse('Over the limit.', rateLimitHeaders),
    Failed: errorResponse('Failed; the code says whether trying again helps.'),
  },
};

const errorAnswers = {
  '429': { $ref: '#/components/responses/Limited' },
  '4XX': { $ref: '#/components/responses/Refused' },
  '5XX': { $ref: '#/components/responses/Failed' },
};

const methods = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const;

/** In the order in which a newcomer needs them. */
const tags = [
  { name: 'ingest', description: 'Events in' },
  { name: 'reading', description: 'What happened, how often, how fast, and to whom' },
  { name: 'alerts', description: 'What fires, why, who was told, and what people say of it' },
  { name: 'jobs', description: 'Long work: rebuilds and verifications' },
  { name: 'keys', description: 'Who may do what' },
  { name: 'operation', description: 'Whether the engine itself is well' },
];

const introduction = `Everything that happened, durable and queryable.

An acknowledged event is on disk, and its answer carries a \`position\`: any read waits for it with \`?after=\`.
\`?asOf=\` answers from what had been recorded by then. Every route but \`/health\` and \`/ready\` needs a key:
\`Authorization: Bearer <key>\`. Every refusal has a code, and docs/errors.md says what to do about it.`;

const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 190 40" height="40" fill="none" stroke="#fff" stroke-width="3"
 stroke-linecap="round"><circle cx="20" cy="20" r="14"/><path d="M20 11v9l6 5"/><text x="44" y="27" fill="#fff" stroke="none"
 font-family="system-ui,sans-serif" font-size="20" font-weight="600">Chronoscope</text></svg>`;

/** To be awaited before the first route is added: only what comes later is described. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Chronoscope', version, description: introduction },
      tags,
      components,
    },
    transform(document) {
      const { schema = {}, url } = jsonSchemaTransform(document);
      const { role } = document.route.config ?? {};
      const security = role === 'open' ? [] : [{ bearer: [] }, { basic: [] }];
      const needs = role === undefined || role === 'open' ? [] : [`Role: \`${role}\` or higher.`];
      const description = [schema.description, ...needs].filter(Boolean).join('\n\n');
      return { schema: { ...schema, security, ...(description ? { description } : {}) }, url };
    },
    transformObject(document) {
      if (!('openapiObject' in document)) return document.swaggerObject;
      for (const path of Object.values(document.openapiObject.paths ?? {})) {
        for (const method of methods) {
          const operation = path?.[method];
          if (operation !== undefined) operation.responses = { ...errorAnswers, ...operation.responses };
        }
      }
      return document.openapiObject;
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    logo: { type: 'image/svg+xml', content: logo, href: '/docs', target: '_self' },
    theme: { title: 'Chronoscope: the API' },
    staticCSP:
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; " +
      "base-uri 'none'; frame-ancestors 'none'",
  });
  app.get('/openapi.json', { config: { role: 'user' }, schema: { hide: true } }, () => app.swagger());
}

/** The page's own routes are made by the plugin, which knows nothing of roles. */
export const isDocsRoute = (url: string): boolean => url === '/docs' || url.startsWith('/docs/');
