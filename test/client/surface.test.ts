import { expectTypeOf, it } from 'vitest';
import type { Event, EventOf, OperationTypeName, Priority, TypedEvent } from '../../schemas/index.ts';
import type { Client } from '../../src/client/index.ts';
import type { Replica, Surface } from '../../src/replica/surface.ts';
import { surfaceContract } from '../contracts/surface/index.ts';
import { nodeIn } from '../support/node.ts';

surfaceContract('over HTTP', async (root) => {
  const { node, as } = await nodeIn(root);
  return { kai: as('kai'), as, close: () => node.close() };
});

it('a client stands where a surface is asked for, but for the member, which the token names', () => {
  expectTypeOf<Client>().toExtend<Omit<Surface, 'member'>>();
  // What is of the process that has the replica: where it is, whom it hosts, who joins by it, and its end.
  type Own =
    | 'member'
    | 'workspace'
    | 'id'
    | 'directory'
    | 'as'
    | 'admitOwn'
    | 'countersign'
    | 'enrol'
    | 'keepTicket'
    | 'membersLog'
    | 'package'
    | 'attach'
    | 'close';
  expectTypeOf<Exclude<keyof Replica, keyof Client>>().toEqualTypeOf<Own>();
  expectTypeOf<Exclude<keyof Client, keyof Replica>>().toEqualTypeOf<never>();
});

it("an event's type tells what it holds, the same at both doors", () => {
  expectTypeOf<ReturnType<Client['events']>>().toEqualTypeOf<ReturnType<Surface['events']>>();
  expectTypeOf<Exclude<TypedEvent['type'], OperationTypeName>>().toEqualTypeOf<'revised' | 'gap'>();
  expectTypeOf<EventOf<'message.react'>['data']>().toEqualTypeOf<{ emoji: string }>();
  expectTypeOf<NonNullable<EventOf<'message.create'>['body']>>().toEqualTypeOf<{ text: string }>();
  expectTypeOf<EventOf<'task.create'>['data']['priority']>().toEqualTypeOf<Priority | undefined>();
  expectTypeOf<Extract<TypedEvent, { type: 'gap' }>['data']>().toEqualTypeOf<{ from: number; to: number }>();
  expectTypeOf<Extract<TypedEvent, { type: 'revised' }>['cause']>().toEqualTypeOf<string>();
  // Whoever reads all of them alike reads them as what the schema says.
  expectTypeOf<TypedEvent>().toExtend<Event>();
});
