// Unchanged hardhat 2 with ethers and network helpers: deploy, call, send, events, time, snapshots, accounts, state.
// Reads the artifact's path from ARTIFACT; prints one JSON object that test_javascript.py judges.
const { readFileSync } = require("node:fs");

const helpers = require("@nomicfoundation/hardhat-network-helpers");
const { ethers, network } = require("hardhat");

const { abi, bytecode } = JSON.parse(readFileSync(process.env.ARTIFACT, "utf8"));
const { time } = helpers;

async function main() {
  const [owner, other] = await ethers.getSigners();
  const notebook = await (await ethers.getContractFactory(abi, bytecode)).deploy();
  await notebook.waitForDeployment();
  const address = await notebook.getAddress();
  const receipt = await (await notebook.set(42, "first")).wait();
  await (await notebook.connect(other).set(43, "second")).wait();
  const events = await notebook.queryFilter(notebook.filters.NoteChanged(other.address), receipt.blockNumber);
  const refusal = await notebook.refuse(7).then(() => null, (error) => error.data ?? error.error?.data ?? error.message);
  const report = {
    network: network.name,
    deployed: (await ethers.provider.getCode(address)).length > 2,
    receipt: [receipt.status, receipt.from === owner.address],
    log: receipt.logs.map((log) => log.args.toArray().slice(1)),
    events: events.map((event) => event.args.value),
    value: await notebook.get(),
    refusal,
  };
  report.helpers = await helped(address, notebook, other).catch((error) => error.name);
  console.log(JSON.stringify(report, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
}

async function helped(address, notebook, other) {
  const start = await time.latestBlock();
  await helpers.mine(5);
  const mined = (await time.latestBlock()) - start;
  const before = await time.latest();
  await helpers.mine(3, { interval: 60 });
  const spread = (await time.latest()) - before;
  const now = await time.latest();
  await time.increase(3_600);
  const increased = (await time.latest()) - now;
  await time.setNextBlockTimestamp(now + 10_000);
  await helpers.mine();
  const set = (await time.latest()) - now;
  const past = await time.setNextBlockTimestamp(1).then(() => null, (error) => error.message);

  const snapshot = await helpers.takeSnapshot();
  await (await notebook.set(99, "lost")).wait();
  await snapshot.restore();
  const restored = await notebook.get();

  await helpers.setBalance(address, 10n ** 18n);
  await helpers.impersonateAccount(address);
  const itself = await ethers.getSigner(address);
  await (await notebook.connect(itself).set(44, "by itself")).wait();
  const impersonated = [await notebook.count(address), await ethers.provider.getBalance(address)];
  await helpers.stopImpersonatingAccount(address);
  const ended = await notebook.connect(itself).set(45, "no more").then(() => null, (error) => error.message);

  await helpers.setStorageAt(address, 0, 77);
  const stored = [await notebook.get(), BigInt(await helpers.getStorageAt(address, 0))];
  await helpers.setCode(other.address, "0x602a60005260206000f3");
  const code = BigInt(await ethers.provider.call({ to: other.address }));
  const fresh = ethers.Wallet.createRandom().address;
  await helpers.setNonce(fresh, 9);
  const nonce = await ethers.provider.getTransactionCount(fresh);
  const dropped = await helpers.dropTransaction("0x" + "11".repeat(32));
  await network.provider.send("evm_setAutomine", [false]);
  const waiting = await other.sendTransaction({ to: fresh, gasLimit: 21_000 });
  const taken = await helpers.dropTransaction(waiting.hash);
  await network.provider.send("evm_setAutomine", [true]);

  await helpers.setCoinbase(other.address);
  await helpers.setBlockGasLimit(12_345_678);
  await helpers.setNextBlockBaseFeePerGas(0);
  await helpers.setPrevRandao("0x" + "07".repeat(32));
  await helpers.mine();
  const block = await ethers.provider.send("eth_getBlockByNumber", ["latest", false]);
  const asked = {
    miner: ethers.getAddress(block.miner),
    randao: block.mixHash,
    limit: Number(block.gasLimit),
    fee: Number(block.baseFeePerGas),
  };
  await helpers.reset();
  const height = await time.latestBlock();
  const did = { mined, spread, increased, set, past, restored, impersonated, ended, stored, code, nonce, dropped, taken };
  return { ...did, asked, other: other.address, height };
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
