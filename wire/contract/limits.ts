/** Named limits that both sides of a wire must agree on. Each says why that number. */

/** A chunk travels and is verified as a whole in a worker's memory; 16 MiB is 12 s at 11 Mbit/s. */
export const MAX_CHUNK_BYTES = 16 * 1024 * 1024;
/** A longer segment delays every quality switch and every seek; ffmpeg or a refusal deals with such sources. */
export const MAX_SEGMENT_SECONDS = 12;
/** Titles are shown on one line and stored in the meta chunk. */
export const MAX_TITLE_CHARACTERS = 200;
/** File names as file systems allow them. */
export const MAX_FILE_NAME_CHARACTERS = 255;
/** One upload; beyond it the disk reservation of a small machine makes no sense. */
export const MAX_UPLOAD_BYTES = 64 * 1024 * 1024 * 1024;
/** Renditions of one video: more than any ladder in use. */
export const MAX_RENDITIONS = 12;
/** Segments of one rendition: a day at four seconds. */
export const MAX_SEGMENTS = 21_600;
/** Segments of one manifest page: about four minutes; 70 kB of JSON at 220 kB a segment, 120 kB from 1 to 4 MiB. */
export const MANIFEST_PAGE_SEGMENTS = 64;
/** A page of a manifest that is used at this age is asked for again, behind the reader's back. */
export const MANIFEST_FRESH_MS = 60_000;
/** Videos of one page of the library. */
export const MAX_PAGE_VIDEOS = 100;
/** JSON bodies of the API. */
export const MAX_JSON_BYTES = 1024 * 1024;
/** Storage nodes of one cluster; the ranking evaluates all of them for each chunk. */
export const MAX_NODES = 64;
/** Positions that may refer to one chunk on one node. */
export const MAX_REFERENCES_PER_CHUNK = 10_000;
/** Life of a capability; clocks may differ by {@link CLOCK_TOLERANCE_MS}. */
export const CAPABILITY_LIFETIME_MS = 300_000;
export const CLOCK_TOLERANCE_MS = 60_000;
