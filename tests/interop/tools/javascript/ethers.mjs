// Unchanged ethers 6 against a node, with its default fees: deploy, call, send, receipts, logs, filters, refusals.
// Reads URL, KEY and the artifact's path from the environment; prints one JSON object that test_javascript.py judges.
import { readFileSync } from "node:fs";

import { ContractFactory, JsonRpcProvider, NonceManager, Wallet } from "ethers";

const { URL: url, KEY: key, ARTIFACT: artifact } = process.env;
const { abi, bytecode } = JSON.parse(readFileSync(artifact, "utf8"));
// ethers repeats an answer for 250 ms, longer than a block takes here
const provider = new JsonRpcProvider(url, undefined, { pollingInterval: 100, cacheTimeout: -1 });
const wallet = new Wallet(key, provider);

const notebook = await new ContractFactory(abi, bytecode, wallet).deploy();
await notebook.waitForDeployment();
const address = await notebook.getAddress();
const deployment = await notebook.deploymentTransaction().wait();

const heard = new Promise((resolve) => notebook.once("NoteChanged", (by, value, text) => resolve([by, value, text])));
// ethers begins to listen with its next poll: what happened before is not reported
await provider.getBlockNumber();
await new Promise((resolve) => setTimeout(resolve, 500));
const receipt = await (await notebook.set(42, "first")).wait();
const event = await heard;

const legacy = await (await notebook.set(43, "second", { type: 0 })).wait();
const managed = notebook.connect(new NonceManager(wallet));
const sent = await Promise.all([44, 45, 46].map((value) => managed.set(value, "queued")));
const receipts = await Promise.all(sent.map((transaction) => transaction.wait()));

const events = await notebook.queryFilter(notebook.filters.NoteChanged(wallet.address), deployment.blockNumber);
const one = await notebook.queryFilter(notebook.filters.NoteChanged(null, 43), deployment.blockNumber);
const none = await notebook.queryFilter(notebook.filters.NoteChanged(null, 99), deployment.blockNumber);

const refusal = await notebook.refuse(7).then(
  () => null,
  (error) => ({ name: error.revert?.name, value: error.revert?.args[0], code: error.code }),
);
const complaint = await notebook.complain().then(() => null, (error) => error.reason);
const sentRefusal = await notebook.refuse.send(7).then(() => null, (error) => error.code).catch((error) => error.code);
const fees = await provider.getFeeData();
const block = await provider.getBlock(receipt.blockNumber, true);

const report = {
  chainId: (await provider.getNetwork()).chainId,
  address,
  from: wallet.address,
  deployment: { status: deployment.status, contract: deployment.contractAddress, block: deployment.blockNumber },
  value: await notebook.get(),
  count: await notebook.count(wallet.address),
  receipt: { status: receipt.status, type: receipt.type, gasPrice: receipt.gasPrice, fee: receipt.fee },
  log: receipt.logs.map((log) => log.args?.toArray()),
  event,
  legacy: { status: legacy.status, type: legacy.type },
  queued: receipts.map((each) => each.status),
  events: events.map((each) => each.args.value),
  one: one.map((each) => each.args.text),
  none: none.length,
  refusal,
  complaint,
  sentRefusal,
  fees: { gasPrice: fees.gasPrice, maxFeePerGas: fees.maxFeePerGas, maxPriorityFeePerGas: fees.maxPriorityFeePerGas },
  block: { baseFeePerGas: block.baseFeePerGas, holds: block.transactions.includes(receipt.hash) },
  balance: await provider.getBalance(wallet.address),
  nonce: await provider.getTransactionCount(wallet.address),
  code: (await provider.getCode(address)).length > 2,
};
console.log(JSON.stringify(report, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
provider.destroy();
