import fc from "fast-check";
import { CLIENTS, SESSION_MS, type Simulation, TOPICS } from "./simulation.ts";

/** One step of a random history. It is plain data, so that fast-check prints a failing history in full. */
export type Step =
  | { readonly do: "publish"; client: number; topic: string; binary: boolean }
  | {
    readonly do: "deliver";
    client: number;
    direction: "up" | "down";
    count: number;
  }
  | { readonly do: "disconnect"; client: number; side: "client" | "server" }
  | { readonly do: "churn"; client: number; last: number | undefined }
  | { readonly do: "burst"; topic: string; count: number }
  | {
    readonly do:
      | "turn"
      | "deliver stale"
      | "back off"
      | "expire"
      | "crash"
      | "settle";
  };

const client = fc.nat(CLIENTS - 1);
const topic = fc.constantFrom(...TOPICS);

function step(crashes: boolean): fc.Arbitrary<Step> {
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("publish" as const),
        client,
        topic,
        binary: fc.boolean(),
      }),
    },
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant("deliver" as const),
        client,
        direction: fc.constantFrom("up" as const, "down" as const),
        count: fc.integer({ min: 1, max: 6 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("disconnect" as const),
        client,
        side: fc.constantFrom("client" as const, "server" as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("churn" as const),
        client,
        last: fc.option(fc.nat(12), { nil: undefined }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("burst" as const),
        topic,
        count: fc.integer({ min: 1, max: 14 }),
      }),
    },
    {
      weight: 9,
      arbitrary: fc.record({
        do: fc.constantFrom(
          "turn" as const,
          "turn" as const,
          "turn" as const,
          "back off" as const,
          "back off" as const,
          "settle" as const,
          "deliver stale" as const,
          "expire" as const,
          crashes ? "crash" as const : "turn" as const,
        ),
      }),
    },
  );
}

/** Creates random histories. @param crashes whether they contain crashes of the server, which lose a log in memory. */
export function histories(crashes: boolean): fc.Arbitrary<Step[]> {
  return fc.array(step(crashes), {
    minLength: 20,
    maxLength: 100,
    size: "max",
  });
}

/** Applies one step. */
export async function apply(
  simulation: Simulation,
  step: Step,
): Promise<void> {
  switch (step.do) {
    case "publish": {
      const { binary } = step;
      return simulation.publish(step.client, step.topic, { binary });
    }
    case "deliver":
      return await simulation.deliver(step.client, step.direction, step.count);
    case "disconnect":
      return simulation.disconnect(step.client, step.side);
    case "churn":
      return simulation.churn(step.client, step.last);
    case "burst":
      return simulation.burst(step.topic, step.count);
    case "turn":
      return await simulation.turn();
    case "deliver stale":
      return await simulation.deliverStale();
    case "back off":
      // Longer than any backoff: every waiting client reconnects.
      return await simulation.advance(120);
    case "expire":
      return await simulation.advance(SESSION_MS + 100);
    case "crash":
      return simulation.crash();
    case "settle":
      return await simulation.settle();
  }
}
