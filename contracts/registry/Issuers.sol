// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IIssuerRegistry} from "./IIssuerRegistry.sol";
import {Governed} from "../governance/Governed.sol";
import {IDirectory} from "../governance/IDirectory.sol";
import {Names} from "../libraries/Names.sol";

/// @title The standing of issuers, and how a successor takes it over
/// @dev A record that is empty here is its predecessor's, until something is written to it or somebody carries it over:
/// values are read, never given. What is written stands in the contract that the Directory names, and in no other.
abstract contract Issuers is IIssuerRegistry, Governed {
    using SafeCast for uint256;

    IDirectory private immutable _directory;
    IIssuerRegistry private immutable _predecessor;

    mapping(uint32 => Issuer) private _issuers;
    mapping(uint32 => mapping(uint16 => StateChange)) private _history; // indexes count from 1

    constructor(address directory_, address predecessor_) {
        _directory = IDirectory(directory_);
        _predecessor = IIssuerRegistry(predecessor_);
    }

    /// @dev Only while the Directory names this contract.
    modifier whileCurrent() {
        address current = _named(Names.ISSUER_REGISTRY);
        require(current == address(this), IssuerRegistryNotCurrent(current));
        _;
    }

    /// @inheritdoc IIssuerRegistry
    function carryOver(uint32 institution) external whileCurrent {
        IssuerState state = _carried(institution).state;
        require(state != IssuerState.None, IssuerRegistryWrongState(institution, state));
    }

    /// @inheritdoc IIssuerRegistry
    function issuer(uint32 institution) public view returns (Issuer memory record) {
        record = _issuers[institution];
        if (record.state == IssuerState.None && _hasPredecessor()) return _predecessor.issuer(institution);
    }

    /// @inheritdoc IIssuerRegistry
    function stateChange(uint32 institution, uint16 index) external view returns (StateChange memory change) {
        change = _history[institution][index];
        if (change.at == 0 && _hasPredecessor()) return _predecessor.stateChange(institution, index);
    }

    /// @inheritdoc IIssuerRegistry
    function isRecognised(uint32 institution) public view returns (bool) {
        (IssuerState state,,) = _standing(institution);
        return state == IssuerState.Recognised;
    }

    /// @inheritdoc IIssuerRegistry
    function keeperOf(uint32 institution) external view returns (uint32) {
        if (_issuers[institution].state == IssuerState.Recognised) return institution; // mostly
        if (isRecognised(institution)) return institution;
        uint32 accreditor = issuer(institution).accreditor;
        return accreditor != 0 && isRecognised(accreditor) ? accreditor : 0;
    }

    /// @inheritdoc IIssuerRegistry
    function directory() external view returns (address) {
        return address(_directory);
    }

    /// @inheritdoc IIssuerRegistry
    function predecessor() public view returns (address) {
        return address(_predecessor);
    }

    /// @dev The record to write to, with what the predecessor held.
    function _carried(uint32 institution) internal returns (Issuer storage record) {
        record = _issuers[institution];
        if (record.state != IssuerState.None || !_hasPredecessor()) return record;
        Issuer memory before = _predecessor.issuer(institution);
        if (before.state == IssuerState.None) return record;
        _issuers[institution] = before;
        emit IssuerCarriedOver(institution, address(_predecessor), msg.sender);
    }

    function _setState(uint32 institution, IssuerState state) internal {
        Issuer storage record = _carried(institution);
        uint40 time = block.timestamp.toUint40();
        record.state = state;
        record.since = time;
        _history[institution][++record.changes] = StateChange(state, time);
    }

    /// @dev State, admission and number of holds: what each anchoring asks, from one slot.
    function _standing(uint32 institution) internal view returns (IssuerState, uint16 admission, uint16 holds) {
        Issuer storage record = _issuers[institution];
        IssuerState state = record.state;
        if (state == IssuerState.None && _hasPredecessor()) {
            Issuer memory before = _predecessor.issuer(institution);
            return (before.state, before.admission, before.holds);
        }
        return (state, record.admission, record.holds);
    }

    function _requireState(uint32 institution, IssuerState needed) internal view {
        (IssuerState state,,) = _standing(institution);
        require(state == needed, IssuerRegistryWrongState(institution, state));
    }

    /// @dev Whether its admission lives: it is recognised, or suspended for a while.
    function _requireAdmitted(uint32 institution) internal view {
        (IssuerState state,,) = _standing(institution);
        require(
            state == IssuerState.Recognised || state == IssuerState.Suspended,
            IssuerRegistryWrongState(institution, state)
        );
    }

    function _hasPredecessor() internal view returns (bool) {
        return address(_predecessor) != address(0);
    }

    /// @dev The contract that bears a name now; the zero address where there is none.
    function _named(bytes32 name) internal view returns (address) {
        return _directory.current(name);
    }
}
