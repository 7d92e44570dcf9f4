// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Membership} from "./Membership.sol";
import {IAlliance} from "./IAlliance.sol";
import {Names} from "../libraries/Names.sol";

/// @title Proposals, votes and agreements
contract Alliance is Membership, EIP712 {
    using SafeCast for uint256;

    uint256 private constant MOST_CALLS = 64;
    bytes32 private constant AGREEMENT_SIGNATURE =
        keccak256("AgreementSignature(uint32 version,bytes32 document,uint256 deadline)");

    uint256 private _proposalCount;
    mapping(uint256 => Proposal) private _proposals; // ids count from 1
    mapping(uint256 => Call[]) private _calls;
    mapping(uint256 => mapping(uint32 => bool)) private _hasVoted;
    mapping(uint256 => mapping(uint32 => bool)) private _saysYes;
    uint32 private _agreementCount;
    mapping(uint32 => Agreement) private _agreements; // versions count from 1
    mapping(uint32 => mapping(uint32 => bool)) private _signed;
    uint256 private transient _executing; // id of the proposal under way

    constructor(
        uint16 numerator,
        uint16 denominator,
        address operators_,
        bytes32[] memory names,
        uint64[] memory values
    ) Membership(numerator, denominator, operators_, names, values) EIP712("Testamur Alliance", "1") {}

    /// @inheritdoc IAlliance
    function propose(Call[] calldata calls, bytes32 document) external returns (uint256 id) {
        uint32 institution = _governedBy(msg.sender);
        require(calls.length > 0 && calls.length <= MOST_CALLS, AllianceCallsOutOfBounds(calls.length, MOST_CALLS));
        id = ++_proposalCount;
        uint40 expiresAt = (block.timestamp + parameter(Names.VOTING_PERIOD)).toUint40();
        _proposals[id] =
            Proposal(institution, epoch(), block.timestamp.toUint40(), expiresAt, 0, 0, false, document);
        for (uint256 i = 0; i < calls.length; ++i) {
            _calls[id].push(calls[i]);
        }
        emit ProposalCreated(id, institution, document, calls, expiresAt);
    }

    /// @inheritdoc IAlliance
    function vote(uint256 id, bool support) external {
        uint32 institution = _governedBy(msg.sender);
        ProposalState state = proposalState(id);
        require(state == ProposalState.Open || state == ProposalState.Passed, AllianceWrongState(id, state));
        require(!_hasVoted[id][institution], AllianceAlreadyVoted(id, institution));
        _hasVoted[id][institution] = true;
        _saysYes[id][institution] = support;
        if (support) ++_proposals[id].yes;
        else ++_proposals[id].no;
        emit VoteCast(id, institution, support, msg.sender);
    }

    /// @inheritdoc IAlliance
    function execute(uint256 id) external {
        require(_executing == 0, AllianceExecuting(_executing));
        ProposalState state = proposalState(id);
        require(state == ProposalState.Passed, AllianceWrongState(id, state));
        _proposals[id].executed = true;
        _executing = id;
        emit ProposalExecuted(id);
        uint256 length = _calls[id].length;
        for (uint256 i = 0; i < length; ++i) {
            Call memory call_ = _calls[id][i];
            require(call_.target.code.length > 0, AllianceNoCode(i, call_.target));
            (bool isDone, bytes memory reason) = call_.target.call(call_.data);
            require(isDone, AllianceCallFailed(i, reason));
        }
        _executing = 0;
    }

    /// @inheritdoc IAlliance
    function adoptAgreement(bytes32 document, uint40 from) external onlySelf returns (uint32 version) {
        version = ++_agreementCount;
        _agreements[version] = Agreement(from, block.timestamp.toUint40(), document);
        emit AgreementAdopted(version, document, from);
    }

    /// @inheritdoc IAlliance
    function signAgreement(uint32 version) external {
        _sign(version, msg.sender);
    }

    /// @inheritdoc IAlliance
    function signAgreementFor(uint32 version, uint256 deadline, bytes calldata signature) external {
        require(block.timestamp <= deadline, AllianceSignatureExpired(deadline));
        bytes32 document = _agreements[version].document;
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(AGREEMENT_SIGNATURE, version, document, deadline)));
        _sign(version, ECDSA.recover(digest, signature));
    }

    /// @inheritdoc IAlliance
    function proposal(uint256 id) external view returns (Proposal memory) {
        return _proposals[id];
    }

    /// @inheritdoc IAlliance
    function proposalCalls(uint256 id) external view returns (Call[] memory) {
        return _calls[id];
    }

    /// @inheritdoc IAlliance
    function proposalCount() external view returns (uint256) {
        return _proposalCount;
    }

    /// @inheritdoc IAlliance
    function proposalState(uint256 id) public view returns (ProposalState) {
        Proposal memory record = _proposals[id];
        if (record.createdAt == 0) return ProposalState.None;
        if (record.executed) return ProposalState.Executed;
        if (record.epoch != epoch()) return ProposalState.Void;
        if (block.timestamp > record.expiresAt) return ProposalState.Expired;
        return _isEnough(record.yes) ? ProposalState.Passed : ProposalState.Open;
    }

    /// @inheritdoc IAlliance
    function hasVoted(uint256 id, uint32 institution) external view returns (bool) {
        return _hasVoted[id][institution];
    }

    /// @inheritdoc IAlliance
    function executingYes(uint32 institution) external view returns (bool) {
        return _executing != 0 && _saysYes[_executing][institution];
    }

    /// @inheritdoc IAlliance
    function agreement(uint32 version) external view returns (Agreement memory) {
        return _agreements[version];
    }

    /// @inheritdoc IAlliance
    function agreementCount() external view returns (uint32) {
        return _agreementCount;
    }

    /// @inheritdoc IAlliance
    function signed(uint32 version, uint32 institution) external view returns (bool) {
        return _signed[version][institution];
    }

    function _sign(uint32 version, address account) private {
        uint32 institution = _governedBy(account);
        require(version != 0 && version <= _agreementCount, AllianceUnknownAgreement(version));
        require(!_signed[version][institution], AllianceAlreadySigned(version, institution));
        _signed[version][institution] = true;
        emit AgreementSigned(version, institution, account);
    }
}
