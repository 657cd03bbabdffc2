/**
 * The address of a node for the one who asks. A node that listens on every interface does not know by which name a browser
 * reaches its machine; the browser does: it is the host name that the page was opened with.
 */

const WILDCARDS: readonly string[] = ["0.0.0.0", "[::]"];

/**
 * @param publicUrl what the node said, for example `http://0.0.0.0:8081`
 * @param askedHost Host header of the request; undefined when there was none
 * @returns the origin of the node, without a slash at its end
 */
export function addressForAsker(publicUrl: string, askedHost: string | undefined): string {
  const url = new URL(publicUrl);
  if (WILDCARDS.includes(url.hostname)) url.hostname = hostName(askedHost) ?? "127.0.0.1";
  return url.href.replace(/\/$/, "");
}

function hostName(askedHost: string | undefined): string | undefined {
  const asked = `http://${askedHost ?? ""}`;
  return URL.canParse(asked) ? new URL(asked).hostname : undefined;
}
