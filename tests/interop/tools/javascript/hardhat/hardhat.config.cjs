// An unchanged hardhat 2 on a node at URL, which signs for its unlocked accounts. No compiler: artifacts are given.
require("@nomicfoundation/hardhat-ethers");
const { extendProvider } = require("hardhat/config");
const { ProviderWrapper } = require("hardhat/plugins");

// hardhat-network-helpers ask a client for its name and work with hardhat's own network and anvil alone
class Played extends ProviderWrapper {
  async request(asked) {
    const answer = await this._wrappedProvider.request(asked);
    const { NAMED } = process.env;
    return NAMED && asked.method === "web3_clientVersion" ? `HardhatNetwork, played by ${answer}` : answer;
  }
}
extendProvider((provider) => new Played(provider));

module.exports = { networks: { testamur: { url: process.env.URL } }, paths: { cache: process.env.CACHE } };
