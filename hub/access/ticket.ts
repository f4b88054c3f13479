/**
 * The result of `authorize` for a connection that is not open yet: `hub.transport.admit` returns it, and `hub.transport.attach` takes it, once.
 * It has no members: the hub keeps the result.
 */
export class Ticket {
  // Without it, any object would be a ticket for the compiler.
  declare private readonly ticket: never;
}
