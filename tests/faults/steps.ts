import fc from "fast-check";
import { CLIENTS, type MemoryWorld, SESSION_MS, TOPICS } from "./simulation.ts";

/** One step of a random history: prints as it is, so that a failing one can be read. */
export type Step =
  | { readonly do: "publish"; who: number; topic: string; binary: boolean }
  | { readonly do: "carry"; who: number; way: "up" | "down"; count: number }
  | { readonly do: "cut"; who: number; side: "client" | "server" }
  | { readonly do: "churn"; who: number; last: number | undefined }
  | { readonly do: "burst"; topic: string; count: number }
  | { readonly do: "turn" | "late" | "resume" | "expire" | "crash" | "calm" };

const who = fc.nat(CLIENTS - 1);
const topic = fc.constantFrom(...TOPICS);

function step(crashes: boolean): fc.Arbitrary<Step> {
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("publish" as const),
        who,
        topic,
        binary: fc.boolean(),
      }),
    },
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant("carry" as const),
        who,
        way: fc.constantFrom("up" as const, "down" as const),
        count: fc.integer({ min: 1, max: 6 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("cut" as const),
        who,
        side: fc.constantFrom("client" as const, "server" as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("churn" as const),
        who,
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
          "resume" as const,
          "resume" as const,
          "calm" as const,
          "late" as const,
          "expire" as const,
          crashes ? "crash" as const : "turn" as const,
        ),
      }),
    },
  );
}

/** Random histories. @param crashes whether the server may lose its memory. */
export function histories(crashes: boolean): fc.Arbitrary<Step[]> {
  return fc.array(step(crashes), {
    minLength: 20,
    maxLength: 100,
    size: "max",
  });
}

/** Takes one step. */
export async function take(world: MemoryWorld, step: Step): Promise<void> {
  switch (step.do) {
    case "publish":
      return world.publish(step.who, step.topic, { binary: step.binary });
    case "carry":
      return await world.carry(step.who, step.way, step.count);
    case "cut":
      return world.cut(step.who, step.side);
    case "churn":
      return world.churn(step.who, step.last);
    case "burst":
      return world.burst(step.topic, step.count);
    case "turn":
      return await world.turn();
    case "late":
      return await world.late();
    case "resume":
      // Longer than any backoff: whoever waits dials.
      return await world.pass(120);
    case "expire":
      return await world.pass(SESSION_MS + 100);
    case "crash":
      return world.crash();
    case "calm":
      return await world.calm();
  }
}
