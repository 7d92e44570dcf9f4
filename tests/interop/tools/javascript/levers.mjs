// Unchanged viem 2 as a test client of a development chain with fees, in its mode for hardhat or for anvil.
// Reads URL, MODE and BEAT (whether the node's interval has the mode's unit) from the environment; prints one JSON object
// that test_javascript.py judges and compares with what anvil gives.
import { createTestClient, defineChain, http, parseGwei, publicActions, walletActions } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";

const { URL: url, MODE: mode, BEAT: beat } = process.env;
const chain = defineChain({
  id: Number(await createTestClient({ mode, transport: http(url) }).extend(publicActions).getChainId()),
  name: "Testamur",
  nativeCurrency: { name: "none", symbol: "NONE", decimals: 18 },
  rpcUrls: { default: { http: [url] } },
});
const client = createTestClient({ chain, mode, transport: http(url), pollingInterval: 50 })
  .extend(publicActions)
  .extend(walletActions);
const [owner] = await client.getAddresses();
const stranger = privateKeyToAddress(generatePrivateKey()).toLowerCase();
const latest = () => client.getBlock({ blockTag: "latest" });
const mined = async () => {
  await client.mine({ blocks: 1 });
  return await latest();
};
const report = {};

await client.setCoinbase({ address: stranger });
await client.setBlockGasLimit({ gasLimit: 20_000_000n });
await client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei("8") });
const { miner, gasLimit, baseFeePerGas } = await mined();
report.block = { miner: miner === stranger, gasLimit, baseFeePerGas, next: (await mined()).baseFeePerGas };

const before = await latest();
await client.setNextBlockTimestamp({ timestamp: before.timestamp + 500n });
const first = await mined();
// in hardhat's mode viem asks for a method that hardhat has not either
if (mode === "anvil") await client.setBlockTimestampInterval({ interval: 7 });
else await client.setNextBlockTimestamp({ timestamp: first.timestamp + 7n });
const second = await mined();
if (mode === "anvil") await client.removeBlockTimestampInterval();
await client.increaseTime({ seconds: 1_000 });
const third = await mined();
report.times = [first.timestamp - before.timestamp, second.timestamp - first.timestamp];
report.increased = third.timestamp - second.timestamp >= 500n;
await client.mine({ blocks: 3, interval: 60 });
report.spread = (await latest()).timestamp - third.timestamp >= 120n;
report.mined = (await latest()).number - third.number;

report.automine = [await client.getAutomine()];
await client.setAutomine(false);
report.automine.push(await client.getAutomine());
const dropped = await client.sendTransaction({ account: owner, to: stranger, value: 1n });
report.waiting = (await client.getTxpoolStatus()).pending;
await client.dropTransaction({ hash: dropped });
report.dropped = (await client.getTxpoolStatus()).pending;
await mined();
report.gone = await client.getTransactionReceipt({ hash: dropped }).then(() => "found", (error) => error.name);
await client.setAutomine(true);
report.automine.push(await client.getAutomine());

const id = await client.snapshot();
await client.setBalance({ address: stranger, value: 10n ** 18n });
await client.setNonce({ address: stranger, nonce: 9 });
await client.impersonateAccount({ address: stranger });
const sent = await client.sendTransaction({ account: stranger, to: owner, value: 5n });
const receipt = await client.waitForTransactionReceipt({ hash: sent });
report.impersonated = [receipt.status, receipt.from === stranger, await client.getTransactionCount({ address: stranger })];
await client.stopImpersonatingAccount({ address: stranger });
await client.setCode({ address: stranger, bytecode: "0x602a60005260206000f3" });
report.called = (await client.call({ to: stranger })).data;
const slot = "0x" + "00".repeat(32);
await client.setStorageAt({ address: stranger, index: slot, value: "0x" + "11".repeat(32) });
report.stored = await client.getStorageAt({ address: stranger, slot });
await client.revert({ id });
report.reverted = [await client.getTransactionCount({ address: stranger }), await client.getCode({ address: stranger })];

if (beat) {
  const { number } = await latest();
  await client.setIntervalMining({ interval: 1 });
  while ((await latest()).number < number + 2n) await new Promise((resolve) => setTimeout(resolve, 50));
  await client.setIntervalMining({ interval: 0 });
  report.beats = true;
}
console.log(JSON.stringify(report, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
