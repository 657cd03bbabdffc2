/** The page that describes the HTTP API: shown from our own files under its own policy, asking no other host. */
import { expect, test } from "../fixtures/test.ts";

test("the description of the API is shown and asks nobody else", async ({ page, cluster, pageErrors }) => {
  const foreign: string[] = [];
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (/^https?:$/.test(protocol) && origin !== cluster.url) foreign.push(request.url());
  });
  await page.goto(`${cluster.url}/api/docs`);
  await expect(page.getByText("A page of the library").first()).toBeVisible();
  await expect(page.getByText("Create an upload (tus creation, creation-with-upload)").first()).toBeVisible();
  await expect(page.getByText("Give a video another title").first()).toBeVisible();
  expect(foreign).toEqual([]);
  expect(pageErrors).toEqual([]);
});
