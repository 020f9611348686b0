import { type Route, route } from '../route.ts';

/** The description of the other routes. Written at the first question, since it costs more than a request should. */
export function documentRoutes(described: readonly Route[]): Route[] {
  let text: string | undefined;
  return [
    route({
      method: 'get',
      path: '/openapi.json',
      open: true,
      summary: 'Describes the routes as OpenAPI 3.1.',
      answer: { type: 'application/json', what: 'an OpenAPI 3.1 document' },
      async run({ door }) {
        if (text === undefined) {
          const { openApi } = await import('../openapi.ts');
          text = JSON.stringify(openApi(described, door.version));
        }
        return text;
      },
    }),
  ];
}
