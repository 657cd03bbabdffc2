/**
 * Which codecs may go into our fMP4 segments: those that Chromium's Media Source Extensions take in `video/mp4`.
 * Asked of Chromium 156 with `MediaSource.isTypeSupported`, each string by itself: yes for H.264 profiles 42 4D 58 64 6E
 * 7A F4 (avc1 and avc3), VP9 profiles 0..3, AV1 profiles 0..2, AAC object types 2, 5 and 29, Opus, FLAC; no for HEVC,
 * VP8, MPEG-4 part 2, MP3 (every spelling), AC-3, E-AC-3, DTS, Vorbis, ALAC, AAC Main and xHE-AAC.
 * Codec strings: RFC 6381; RFC 8216 section 4.3.4.2 (CODECS). Knows nothing about containers.
 */

/** H.264 profile_idc (ISO/IEC 14496-10 annex A) that play; 0x2c, CAVLC 4:4:4 Intra, does not. */
const AVC_PROFILES = new Set([0x42, 0x4d, 0x58, 0x64, 0x6e, 0x7a, 0xf4]);
/** AAC object types (ISO/IEC 14496-3 table 1.17) that play: LC, HE (SBR), HE v2 (PS). */
const AAC_OBJECT_TYPES = new Set([2, 5, 29]);

/** mediabunny's names, and the containers' names of what mediabunny does not know. */
const NAMES: Readonly<Record<string, string>> = {
  avc: "H.264",
  hevc: "HEVC (H.265)",
  vp8: "VP8",
  vp9: "VP9",
  av1: "AV1",
  prores: "ProRes",
  aac: "AAC",
  opus: "Opus",
  flac: "FLAC",
  mp3: "MP3",
  vorbis: "Vorbis",
  ac3: "AC-3 (Dolby Digital)",
  eac3: "E-AC-3 (Dolby Digital Plus)",
  dts: "DTS",
  mp4v: "MPEG-4 Part 2",
  "V_MPEG4/ISO/ASP": "MPEG-4 Part 2",
  V_MPEG2: "MPEG-2",
  "V_MS/VFW/FOURCC": "of a Video for Windows file",
  jpeg: "Motion JPEG",
  alac: "Apple Lossless",
};

/** Of these the profile decides, so that it is told: "H.264 (avc1.2c0028)". */
const CODECS_WITH_PROFILES = new Set(["avc", "aac", "vp9", "av1"]);

/** What the container says about one track's codec. */
export interface CodecFacts {
  /** mediabunny's name, `avc` or `aac`; null when it knows none. */
  readonly codec: string | null;
  /** RFC 6381, `avc1.64001f`; null when the container does not tell. */
  readonly parameterString: string | null;
  /** The container's own name, `mp4v` or `V_MPEG4/ISO/ASP`; null when there is none. */
  readonly containerName: string | null;
}

/** Whether browsers play this video codec from fMP4. */
export function isPlayableVideo(facts: CodecFacts): boolean {
  if (facts.codec === "vp9" || facts.codec === "av1") return true;
  if (facts.codec !== "avc") return false;
  const profile = /^avc[13]\.([0-9a-f]{2})/i.exec(facts.parameterString ?? "")?.[1];
  return profile !== undefined && AVC_PROFILES.has(Number.parseInt(profile, 16));
}

/** Whether browsers play this audio codec from fMP4. */
export function isPlayableAudio(facts: CodecFacts): boolean {
  if (facts.codec === "opus" || facts.codec === "flac") return true;
  if (facts.codec !== "aac") return false;
  const objectType = /^mp4a\.40\.(\d+)$/.exec(facts.parameterString ?? "")?.[1];
  return facts.parameterString === "mp4a.67" || AAC_OBJECT_TYPES.has(Number(objectType));
}

/** A codec's name for people: "H.264 (avc1.64001f)", "PCM", or the container's own name where we have none. */
export function codecName(facts: CodecFacts): string {
  const { codec, parameterString, containerName } = facts;
  if (codec === null)
    return containerName === null ? "of unknown name" : (NAMES[containerName] ?? `"${containerName}"`);
  if (codec.startsWith("pcm-")) return "PCM";
  const name = NAMES[codec] ?? codec;
  return parameterString !== null && CODECS_WITH_PROFILES.has(codec) ? `${name} (${parameterString})` : name;
}

/**
 * The string for the CODECS attribute. Opus and FLAC are written as their sample entries are (`Opus`, `fLaC`), as
 * RFC 6381 section 3.3 asks; mediabunny says `opus` and `flac`.
 */
export function hlsCodec(parameterString: string): string {
  if (parameterString === "opus") return "Opus";
  if (parameterString === "flac") return "fLaC";
  return parameterString;
}
