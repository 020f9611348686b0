import {
  Channel,
  ChannelCreate,
  ChannelsQuery,
  ChannelUpdate,
  list,
  Message,
  MessagePost,
  MessagesQuery,
} from '../../../schemas/index.ts';
import { route } from '../route.ts';

export const channelRoutes = [
  route({
    method: 'get',
    path: '/v1/channels',
    summary: 'Lists the channels; archived ones, or direct conversations of the caller, only when asked.',
    query: ChannelsQuery,
    answer: list(Channel),
    run: ({ surface, query }) => surface.channels.list(query),
  }),
  route({
    method: 'post',
    path: '/v1/channels',
    summary: 'Creates a channel.',
    body: ChannelCreate,
    answer: Channel,
    status: 201,
    run: ({ surface, body, key }) => surface.channels.create(body, { key }),
  }),
  route({
    method: 'get',
    path: '/v1/channels/{channel}',
    summary: 'Shows one channel, by name or id.',
    answer: Channel,
    run: ({ surface, params }) => surface.channels.get(params.channel),
  }),
  route({
    method: 'patch',
    path: '/v1/channels/{channel}',
    summary:
      'Renames a channel, sets its topic, how often agents may answer each other, archives or unarchives it.',
    body: ChannelUpdate,
    answer: Channel,
    run: ({ surface, params, body, key }) => surface.channels.update(params.channel, body, { key }),
  }),
  route({
    method: 'get',
    path: '/v1/channels/{channel}/messages',
    summary: 'Reads messages, newest first unless `order=oldest`.',
    query: MessagesQuery,
    answer: list(Message),
    run: ({ surface, params, query }) => surface.messages.list(params.channel, query),
  }),
  route({
    method: 'post',
    path: '/v1/channels/{channel}/messages',
    summary:
      'Posts a message, or a reply with `thread`. In place of a channel `@rin,@ann` is the direct conversation with them.',
    body: MessagePost,
    answer: Message,
    status: 201,
    run: ({ surface, params, body, key }) => surface.messages.post(params.channel, body, { key }),
  }),
];
