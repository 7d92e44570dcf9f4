// Unchanged viem 2 against a node, with its default fees: deploy, call, send, receipts, logs, filters, refusals.
// Reads URL, KEY and the artifact's path from the environment; prints one JSON object that test_javascript.py judges.
import { readFileSync } from "node:fs";

import { BaseError, ContractFunctionRevertedError, createPublicClient, createWalletClient, defineChain, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const { URL: url, KEY: key, ARTIFACT: artifact } = process.env;
const { abi, bytecode } = JSON.parse(readFileSync(artifact, "utf8"));
const transport = http(url);
const id = await createPublicClient({ transport }).getChainId();
const chain = defineChain({
  id,
  name: "Testamur",
  nativeCurrency: { name: "none", symbol: "NONE", decimals: 18 },
  rpcUrls: { default: { http: [url] } },
});
const reader = createPublicClient({ chain, transport, pollingInterval: 100 });
const account = privateKeyToAccount(key);
const writer = createWalletClient({ account, chain, transport });
const done = (hash) => reader.waitForTransactionReceipt({ hash });

const deployment = await done(await writer.deployContract({ abi, bytecode }));
const address = deployment.contractAddress;
const read = (functionName, args = []) => reader.readContract({ address, abi, functionName, args });

const filter = await reader.createContractEventFilter({ address, abi, eventName: "NoteChanged", strict: true });
const watched = new Promise((resolve) => {
  const stop = reader.watchContractEvent({
    address,
    abi,
    eventName: "NoteChanged",
    onLogs: (logs) => {
      stop();
      resolve(logs.map((log) => log.args.value));
    },
  });
});
await new Promise((resolve) => setTimeout(resolve, 500));
const { request } = await reader.simulateContract({ account, address, abi, functionName: "set", args: [42n, "first"] });
const receipt = await done(await writer.writeContract(request));
const heard = await watched;
const changes = await reader.getFilterChanges({ filter });
const again = await reader.getFilterChanges({ filter });
const removed = await reader.uninstallFilter({ filter });

const legacy = await done(
  await writer.writeContract({ address, abi, functionName: "set", args: [43n, "second"], type: "legacy" }),
);
const listed = await done(
  await writer.writeContract({ address, abi, functionName: "set", args: [44n, "third"], type: "eip2930", accessList: [] }),
);
const events = await reader.getContractEvents({
  address,
  abi,
  eventName: "NoteChanged",
  args: { by: account.address },
  fromBlock: deployment.blockNumber,
});
const one = await reader.getContractEvents({
  address,
  abi,
  eventName: "NoteChanged",
  args: { value: 43n },
  fromBlock: deployment.blockNumber,
});
const refusal = await read("refuse", [7n]).then(
  () => null,
  (error) => {
    const cause = error instanceof BaseError && error.walk((each) => each instanceof ContractFunctionRevertedError);
    return { name: cause?.data?.errorName, value: cause?.data?.args?.[0] };
  },
);
const complaint = await read("complain").then(
  () => null,
  (error) => error.walk((each) => each instanceof ContractFunctionRevertedError)?.reason,
);
const fees = await reader.estimateFeesPerGas();
const history = await reader.getFeeHistory({ blockCount: 4, rewardPercentiles: [25, 75] });
const proof = await reader.getProof({ address, storageKeys: ["0x" + "00".repeat(32)] });
const block = await reader.getBlock({ blockNumber: receipt.blockNumber });

const report = {
  chainId: id,
  address,
  from: account.address,
  deployment: { status: deployment.status, contract: deployment.contractAddress, block: deployment.blockNumber },
  value: await read("get"),
  count: await read("count", [account.address]),
  receipt: { status: receipt.status, type: receipt.type, gasPrice: receipt.effectiveGasPrice },
  heard,
  changes: changes.map((log) => [log.args.by, log.args.value, log.args.text]),
  again: again.length,
  removed,
  legacy: { status: legacy.status, type: legacy.type },
  listed: { status: listed.status, type: listed.type },
  events: events.map((log) => log.args.value),
  one: one.map((log) => log.args.text),
  refusal,
  complaint,
  fees,
  history: { base: history.baseFeePerGas, reward: history.reward },
  proof: { nodes: proof.accountProof.length > 0, value: proof.storageProof[0].value },
  block: { baseFeePerGas: block.baseFeePerGas, holds: block.transactions.includes(receipt.transactionHash) },
  balance: await reader.getBalance({ address: account.address }),
  nonce: await reader.getTransactionCount({ address: account.address }),
};
console.log(JSON.stringify(report, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
