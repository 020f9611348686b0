export { askForTicket, foreign, stranger, unanswered } from './ask.ts';
export { ticketKeys } from './keys.ts';
export { type OpenedTicket, openPackage, sealPackage, type TicketContent } from './package.ts';
export {
  markOf,
  readTicket,
  secretBytes,
  secretOf,
  type Ticket,
  writeTicket,
} from './ticket.ts';
