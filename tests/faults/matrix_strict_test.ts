import { testRows } from "./matrix/tests.ts";

// A file for each transport: they take a while, and run beside each other.
testRows("strict");
