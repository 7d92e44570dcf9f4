// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Alliance} from "../../contracts/governance/Alliance.sol";
import {CredentialBatches} from "../../contracts/credentials/CredentialBatches.sol";
import {Directory} from "../../contracts/governance/Directory.sol";
import {IssuerRegistry} from "../../contracts/registry/IssuerRegistry.sol";
import {Keys} from "../../contracts/registry/Keys.sol";
import {Operators} from "../../contracts/governance/Operators.sol";
import {Permissions} from "../../contracts/chain/Permissions.sol";
import {StatusRegistry} from "../../contracts/credentials/StatusRegistry.sol";
import {IScopes} from "../../contracts/registry/IScopes.sol";
import {IOperators} from "../../contracts/governance/IOperators.sol";
import {IChainParameters} from "../../contracts/chain/IChainParameters.sol";
import {IValidators} from "../../contracts/chain/IValidators.sol";
import {Cheats} from "./Cheats.sol";

/// @title The whole suite with its founders, as a genesis block makes it
/// @dev The contracts know each other's addresses beforehand: those that this contract's next creations get.
abstract contract Suite is Cheats {
    uint40 internal constant START = 1_800_000_000;
    bytes32 internal constant ORIGIN = keccak256("block 0");
    uint64 internal constant VOTING_PERIOD = 7 days;
    uint64 internal constant EXECUTION_DELAY = 1 days;
    uint64 internal constant EXECUTION_WINDOW = 3 days;
    uint64 internal constant DIRECTORY_DELAY = 3 days;
    uint64 internal constant VOID_DELAY = 3 days;

    Permissions internal permissions;
    Operators internal operators;
    Alliance internal alliance;
    IssuerRegistry internal registry;
    StatusRegistry internal status;
    CredentialBatches internal batches;
    Keys internal keys;
    Directory internal directory;

    function deploy(uint32 founders) internal {
        vm.warp(START);
        vm.roll(1);
        uint256 nonce = vm.getNonce(address(this));
        address[8] memory at;
        for (uint256 i = 0; i < at.length; ++i) {
            at[i] = vm.computeCreateAddress(address(this), nonce + i);
        }
        permissions = new Permissions(
            at[2],
            at[1],
            limits(),
            new bytes20[](0),
            new address[](0)
        );
        operators = new Operators(at[2], at[0], address(0), ORIGIN);
        alliance = new Alliance(2, 3, at[1], at[7], address(0), ORIGIN, _periodNames(), _periods());
        registry = new IssuerRegistry(at[2], at[1], at[7], address(0));
        status = new StatusRegistry(at[2], at[1], at[7], 1);
        batches = new CredentialBatches(at[1], at[7]);
        keys = new Keys(at[2], at[1]);
        directory = _directory(at);
        require(address(directory) == at[7], "an address came out otherwise");
        operators.foundInstitutions(1, _founders(founders));
        alliance.foundMembers(_numbers(founders));
        permissions.foundValidators(_validators(founders));
        permissions.seal();
        operators.seal();
        alliance.seal();
    }

    /// @dev Registers and recognises an institution, with a DID and one scope for everything.
    function admit(uint32 institution) internal {
        IScopes.Terms[] memory scopes = new IScopes.Terms[](1);
        scopes[0] = IScopes.Terms(1, 0, 1, 9, 0, START, 0);
        string memory name = string(abi.encodePacked("did:web:", bytes1(uint8(96 + institution)), ".example"));
        vm.prank(address(alliance));
        registry.register(institution, name, keccak256(bytes(name)));
        vm.prank(address(alliance));
        keys.addDid(institution, name);
        vm.prank(address(alliance));
        registry.admit(institution, scopes, 0);
    }

    /// @dev The private key of an institution's account; `role` is g for govern, and so a, i, s, and r for recovery.
    function keyOf(uint32 institution, bytes1 role, uint256 number) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("account", institution, role, number))) >> 1;
    }

    function accountOf(uint32 institution, bytes1 role, uint256 number) internal pure returns (address) {
        return vm.addr(keyOf(institution, role, number));
    }

    function limits() internal pure returns (IChainParameters.Parameters memory p) {
        (p.gasLimit, p.transactionGas, p.unnamedGas, p.creationGas) = (30_000_000, 30_000_000, 1_000_000, 6_000_000);
        (p.maxBlockBytes, p.maxTransactionBytes, p.heartbeatSeconds) = (4_194_304, 1_048_576, 30);
        (p.evidenceMaxBytes, p.evidenceMaxAgeSeconds, p.evidenceMaxAgeBlocks) = (65_536, 365 days, 1_100_000);
    }

    function _founders(uint32 number) private pure returns (IOperators.Founder[] memory founders) {
        founders = new IOperators.Founder[](number);
        for (uint32 i = 0; i < number; ++i) {
            founders[i] = IOperators.Founder(
                _accounts(i + 1, "g", 2),
                _accounts(i + 1, "a", 1),
                _accounts(i + 1, "i", 2),
                _accounts(i + 1, "s", 1),
                accountOf(i + 1, "r", 0)
            );
        }
    }

    function _accounts(uint32 institution, bytes1 role, uint256 number) private pure returns (address[] memory set) {
        set = new address[](number);
        for (uint256 i = 0; i < number; ++i) {
            set[i] = accountOf(institution, role, i);
        }
    }

    function _validators(uint32 number) private pure returns (IValidators.ValidatorPower[] memory set) {
        set = new IValidators.ValidatorPower[](number);
        for (uint32 i = 0; i < number; ++i) {
            set[i] = IValidators.ValidatorPower(word("validator", i), 100, i + 1);
        }
    }

    function _numbers(uint32 number) private pure returns (uint32[] memory numbers) {
        numbers = new uint32[](number);
        for (uint32 i = 0; i < number; ++i) {
            numbers[i] = i + 1;
        }
    }

    function _periodNames() private pure returns (bytes32[] memory names) {
        names = new bytes32[](7);
        (names[0], names[1], names[2]) = ("votingPeriod", "executionDelay", "executionWindow");
        (names[3], names[4]) = ("controllerDelay", "recoveryDelay");
        (names[5], names[6]) = ("directoryDelay", "voidDelay");
    }

    function _periods() private pure returns (uint64[] memory values) {
        values = new uint64[](7);
        (values[0], values[1], values[2]) = (VOTING_PERIOD, EXECUTION_DELAY, EXECUTION_WINDOW);
        (values[3], values[4], values[5], values[6]) = (2 days, 10 days, DIRECTORY_DELAY, VOID_DELAY);
    }

    function _directory(address[8] memory at) private returns (Directory) {
        bytes32[] memory names = new bytes32[](7);
        (names[0], names[1], names[2]) = ("Permissions", "Operators", "Alliance");
        (names[3], names[4], names[5]) = ("IssuerRegistry", "StatusRegistry", "CredentialBatches");
        names[6] = "Keys";
        address[] memory targets = new address[](7);
        uint16[] memory layouts = new uint16[](7);
        for (uint256 i = 0; i < 7; ++i) {
            (targets[i], layouts[i]) = (at[i], 1);
        }
        return new Directory(at[2], names, targets, layouts);
    }
}
