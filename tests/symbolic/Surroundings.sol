// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IStatusRegistry} from "../../contracts/credentials/IStatusRegistry.sol";
import {IDirectory} from "../../contracts/governance/IDirectory.sol";

/// @title What halmos needs of forge's cheats, by hand
interface Vm {
    function assume(bool condition) external pure;
    function warp(uint256 time) external;
    function roll(uint256 number) external;
    function store(address target, bytes32 slot, bytes32 value) external;
}

/// @title Everything around one contract: operators, registry, Directory and status registry in one
/// @dev Says yes to whatever is asked, so that what is left are the contract's own words and numbers.
contract Surroundings {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint32 internal institution = 1;
    uint16 internal operatorIndex = 1;
    uint16 internal version = 1;
    uint16 internal holder = 7; // of every list

    function roleOf(address) external view returns (uint32, uint16, uint16) {
        return (institution, operatorIndex, 15);
    }

    function hasRole(address, uint32, uint16) external pure returns (bool) {
        return true;
    }

    function institutionCount() external pure returns (uint32) {
        return type(uint32).max;
    }

    function isRecognised(uint32) external pure returns (bool) {
        return true;
    }

    function keeperOf(uint32 issuer) external pure returns (uint32) {
        return issuer;
    }

    function requireInForce(uint32, uint16) external pure {}

    function current(bytes32 name) external view returns (address) {
        return _current(name);
    }

    function resolve(bytes32 name) external view returns (address, uint16) {
        return (_current(name), version);
    }

    function entry(bytes32 name, uint16) external view returns (IDirectory.Entry memory found) {
        found.target = _current(name);
    }

    function listOf(uint32) external view returns (IStatusRegistry.List memory list) {
        list.holder = holder;
    }

    function count(bytes32) external pure returns (uint16) {
        return 0;
    }

    function advance(uint32, uint32, uint16, uint32, uint32) external pure {}

    function _current(bytes32) internal view virtual returns (address) {
        return address(this);
    }
}
