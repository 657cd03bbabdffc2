/** Parity made by klauspost/reedsolomon, an independent implementation. Made by make-vectors.go: do not edit. */
export const GOLDEN_VECTORS: readonly {
  readonly code: readonly [dataShards: number, parityShards: number];
  readonly shardBytes: number;
  /** Of all parity shards, one behind the other. */
  readonly sha256: string;
}[] = [
  { code: [1, 2], shardBytes: 1, sha256: "4be261c018f23deac37f17f24abb5f42c4f32044fa3116d7b618446fb03ca09e" },
  { code: [1, 2], shardBytes: 64, sha256: "fb942919e9e010678da27ee98f80950853c3cebee959bea71115d75c08816d5e" },
  { code: [1, 2], shardBytes: 1000, sha256: "ca512942c74632ad39cd060ef2756f34da6c59bcd8893ce81862a7ea61af9f24" },
  { code: [2, 1], shardBytes: 1, sha256: "e596a8e5c49dd20a79bd0c1a7dd190a674507d1129785746fcc1c5e64cd8416c" },
  { code: [2, 1], shardBytes: 64, sha256: "a0353848ffbf0566029a6feec83dfb191ef1306e4565b75d7568a8df4de2d11a" },
  { code: [2, 1], shardBytes: 1000, sha256: "5a573db7b0ba024490c64082753a871a01a4d3292e860072f0dc13314cf29c13" },
  { code: [3, 2], shardBytes: 1, sha256: "a9bbfa0a7b6a7d04ab13a7c49e5682b19084900a3af0631ca262f089b6006279" },
  { code: [3, 2], shardBytes: 64, sha256: "6c0a1a9d96b84400bb39e8c6b0823631ab25d4fb19dbb8e4ead4bd26d30d8181" },
  { code: [3, 2], shardBytes: 1000, sha256: "ad45934b354ed22402df1af50b64e588c1f5d812d4bb72cdb81ad27a7eba5baa" },
  { code: [3, 2], shardBytes: 699072, sha256: "890ef69e74b4b6560bf73a0723ef64e191a014675e494943ce09e7b1c1b31836" },
  { code: [4, 2], shardBytes: 1, sha256: "8a32d3e3fd8681b066eb3f77d6265e6c056d981e786863573ea7bad0354804a7" },
  { code: [4, 2], shardBytes: 64, sha256: "b4aa3ae28767a49693beeff874d0a42dde4ead18a6f3f5e76cf472ca199384e1" },
  { code: [4, 2], shardBytes: 1000, sha256: "71e9bd0527e1f8e65981050a90bb7e62fd6fc647203d64735bc73aa6faf69644" },
  { code: [6, 3], shardBytes: 1, sha256: "140c0b0f061681937057776a5577e7f822099ccb1e63346e9b6b02e246db7bf4" },
  { code: [6, 3], shardBytes: 64, sha256: "8e4fdf006f074a557cf678ad243a47948b0838b2ff4e20510568c495119b9847" },
  { code: [6, 3], shardBytes: 1000, sha256: "2c5f0a5c38c4c68e4a684e62e5d906eda9ac3eac8c0550bd82bb3e87929ff866" },
  { code: [10, 4], shardBytes: 1, sha256: "6639c14625c6c866f9a947088427b76869e05199646029b5dfafdf694f36129a" },
  { code: [10, 4], shardBytes: 64, sha256: "5ae2a05d8cbcfc5742894fffc30a91df4757fc8eca5f019077b8a84d83d72d09" },
  { code: [10, 4], shardBytes: 1000, sha256: "02dd7e1f448bfebe48dcd4d70b3c40c1201d5316232571c3092d07fb3057c006" },
  { code: [10, 4], shardBytes: 699072, sha256: "327cefc08e7a1f88101b2c2c300bd09cf363201a96a1ee309148a22e24a53dd8" },
  { code: [17, 3], shardBytes: 1, sha256: "2d71f5ad1ac090849e32895fc05947c0ea55fdf9383d7fd13973486967ba665c" },
  { code: [17, 3], shardBytes: 64, sha256: "8f9cf84a25d05403cd998a098ff7af552f399ec703b1ccc95ded0cbcb5f5d8d0" },
  { code: [17, 3], shardBytes: 1000, sha256: "83fe8c2b8ca8e4287f66796d51caedda1157a1353d70daacb4bec3ba10f7ff4b" },
  { code: [32, 32], shardBytes: 1, sha256: "c53be02b0bf006d612652fee680a44b7518357c64c573bdb131aa8d7facc2525" },
  { code: [32, 32], shardBytes: 64, sha256: "8f3ad846d2df314045b5453677f9d2fcb42855245b59610241bae1af2d87b09b" },
  { code: [32, 32], shardBytes: 1000, sha256: "befd75ccbb1978afbf3deaac26fe1692e48fa99fadb0eb24aa2d965b699ad98a" },
];
