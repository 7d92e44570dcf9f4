// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IVotes} from "./IVotes.sol";
import {OriginBound} from "./OriginBound.sol";
import {Proposals} from "./Proposals.sol";

/// @title Votes, by transaction and by signature
abstract contract Votes is Proposals, OriginBound {
    uint256 private constant MOST_VOTES = 256;
    bytes32 private constant VOTE =
        keccak256("Vote(uint256 proposal,bytes32 content,bool support,uint256 sequence,uint256 deadline)");

    mapping(uint32 => uint256) private _sequences; // the institution's next
    uint256 private transient _batched; // the proposal that voteMany counts itself, before its votes and after them

    /// @inheritdoc IVotes
    function vote(uint256 id, bool support) external {
        (uint32 institution, uint16 index) = _governedBy(msg.sender);
        ++_sequences[institution];
        _cast(id, institution, index, msg.sender, support);
    }

    /// @inheritdoc IVotes
    function voteFor(SignedVote calldata given) external {
        require(block.timestamp <= given.deadline, AllianceSignatureExpired(given.deadline));
        uint256 id = given.proposal;
        require(given.content == proposal(id).content, AllianceOtherContent(id, given.content));
        bytes32 digest = _digest(
            keccak256(abi.encode(VOTE, id, given.content, given.support, given.sequence, given.deadline))
        );
        address account = ECDSA.recover(digest, given.signature);
        (uint32 institution, uint16 index) = _governedBy(account);
        uint256 next = _sequences[institution]++;
        _cast(id, institution, index, account, given.support);
        // compared last: who is refused for it alone was right in everything else
        require(given.sequence == next, AllianceSequenceMismatch(institution, given.sequence, next));
    }

    /// @inheritdoc IVotes
    function voteMany(SignedVote[] calldata given) external {
        require(given.length <= MOST_VOTES, AllianceTooManyVotes(given.length, MOST_VOTES));
        for (uint256 i = 0; i < given.length; ++i) {
            if (given[i].proposal != _batched) {
                _recount(_batched);
                _batched = given[i].proposal;
                _recount(_batched);
            }
            try this.voteFor(given[i]) {}
            catch (bytes memory reason) {
                emit VoteSkipped(i, given[i].proposal, reason);
            }
        }
        _recount(_batched);
        _batched = 0;
    }

    /// @inheritdoc IVotes
    function recount(uint256 id) external {
        _requireVotable(id);
        _recount(id);
    }

    /// @inheritdoc IVotes
    function nextSequence(uint32 institution) external view returns (uint256) {
        return _sequences[institution];
    }

    /// @dev Counted before and after: what fell below the need meanwhile is open, and its delay begins anew.
    function _cast(uint256 id, uint32 institution, uint16 index, address account, bool support) private {
        bool isAlone = id != _batched;
        if (isAlone) _recount(id);
        _requireVotable(id);
        _record(id, institution, index, account, support);
        if (isAlone) _recount(id);
    }

    function _requireVotable(uint256 id) private view {
        ProposalState state = _storedState(id);
        require(
            state == ProposalState.Open || state == ProposalState.Waiting || state == ProposalState.Executable,
            AllianceWrongState(id, state)
        );
    }
}
