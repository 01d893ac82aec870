import { describe, expect, test } from "vitest";
import { judge, type Verdict } from "./judge";
import { pageOf } from "./page";

const E = '{"id":"a"}';

describe("what a page says of where the walk is", () => {
  test.each<[string, string, Verdict["go"]]>([
    ["events and a cursor", `{"data":[${E}],"hasMore":true,"nextCursor":"c"}`, "on"],
    ["events and a cursor, and nothing of more", `{"data":[${E}],"nextCursor":"c"}`, "on"],
    ["events and a cursor, but no more: the cursor counts", `{"data":[${E}],"hasMore":false,"nextCursor":"c"}`, "on"],
    ["no events, but more and a cursor", '{"data":[],"hasMore":true,"nextCursor":"c"}', "on"],
    ["entries without ids and a cursor", '{"data":[{}],"hasMore":true,"nextCursor":"c"}', "on"],
    ["events and no more", `{"data":[${E}],"hasMore":false,"nextCursor":null}`, "end"],
    ["more and no cursor", `{"data":[${E}],"hasMore":true}`, "again"],
    ["nothing of more and no cursor", `{"data":[${E}]}`, "again"],
    ["its own cursor again", `{"data":[${E}],"hasMore":true,"nextCursor":"asked"}`, "again"],
    ["no events and no more", '{"data":[],"hasMore":false}', "nothing"],
    ["no events and no more, with a cursor", '{"data":[],"hasMore":false,"nextCursor":"c"}', "nothing"],
    ["no events, and its own cursor again", '{"data":[],"hasMore":true,"nextCursor":"asked"}', "nothing"],
    ["no events and nothing else", "[]", "nothing"],
  ])("%s", (_name, body, go) => {
    expect(judge(pageOf(body), "asked").go).toBe(go);
  });
});
