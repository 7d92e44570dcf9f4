// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {OperatorLedger} from "./OperatorLedger.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title What takes two of an institution's controllers: the first one's call waits for the second's
abstract contract Concurrence is OperatorLedger {
    using SafeCast for uint256;

    /// @dev One slot.
    struct Voice {
        address account;
        uint40 until;
    }

    uint40 internal constant PATIENCE = 14 days; // for the second, and for who applies what has waited
    uint16 internal constant RECOVERS = 1 << 15; // beside GOVERN and ADMIN: the kind of the recovery account
    uint16 internal constant ANY = CONTROLLING | RECOVERS;

    /// @dev By kind of account, so that none pushes the word of another kind aside.
    mapping(uint32 => mapping(bytes32 => mapping(uint16 => Voice))) private _voices;

    /// @dev What the account is for the institution now: GOVERN, ADMIN, RECOVERS or 0. None is two of them.
    function _kindOf(uint32 institution, address account) internal view returns (uint16) {
        if (account == recoveryOf(institution)) return RECOVERS;
        (uint32 own,, uint16 roles) = roleOf(account);
        return own == institution ? roles & CONTROLLING : 0;
    }

    function _requireKind(uint32 institution) internal view returns (uint16 kind) {
        kind = _kindOf(institution, msg.sender);
        require(kind != 0, ControllersNotController(institution, msg.sender));
    }

    function _requireGovern(uint32 institution) internal view {
        require(hasRole(msg.sender, institution, Roles.GOVERN), ControllersNotGovern(institution, msg.sender));
    }

    /// @dev The other of `kinds` that called the same function for the same subject, if that one is still what it was;
    /// else 0, and the caller's word waits.
    function _second(uint32 institution, bytes32 subject, uint16 kinds) internal returns (address first) {
        bytes32 act = keccak256(abi.encode(msg.sig, subject));
        first = _voiceOf(institution, act, kinds);
        if (first != address(0)) {
            _silence(institution, act);
            return first;
        }
        uint40 until = block.timestamp.toUint40() + PATIENCE;
        _speak(institution, act, until);
        emit SecondAwaited(institution, msg.sender, msg.sig, subject, until);
    }

    function _speak(uint32 institution, bytes32 act, uint40 until) internal {
        _voices[institution][act][_kindOf(institution, msg.sender)] = Voice(msg.sender, until);
    }

    function _silence(uint32 institution, bytes32 act) internal {
        delete _voices[institution][act][Roles.GOVERN];
        delete _voices[institution][act][Roles.ADMIN];
        delete _voices[institution][act][RECOVERS];
    }

    function _voiceOf(uint32 institution, bytes32 act, uint16 kinds) internal view returns (address account) {
        account = _voice(institution, act, kinds & Roles.GOVERN);
        if (account == address(0)) account = _voice(institution, act, kinds & Roles.ADMIN);
        if (account == address(0)) account = _voice(institution, act, kinds & RECOVERS);
    }

    function _voice(uint32 institution, bytes32 act, uint16 kind) private view returns (address) {
        Voice memory voice = _voices[institution][act][kind];
        bool counts = voice.account != msg.sender && block.timestamp <= voice.until
            && _kindOf(institution, voice.account) == kind;
        return counts ? voice.account : address(0);
    }
}
