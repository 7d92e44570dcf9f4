// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Ballots} from "./Ballots.sol";
import {IProposals} from "./IProposals.sol";
import {IVotes} from "./IVotes.sol";
import {IDirectory} from "./IDirectory.sol";
import {Names} from "../libraries/Names.sol";
import {Restrictions} from "../libraries/Restrictions.sol";

/// @title Proposals: made, adopted, opened again and carried out
abstract contract Proposals is Ballots {
    using SafeCast for uint256;

    uint256 private constant MOST_CALLS = 64;

    address private immutable _directory;

    uint256 private _proposalCount;
    mapping(uint256 => Proposal) private _proposals; // ids count from 1
    mapping(uint256 => Call[]) private _calls;
    uint256 private transient _executing; // id of the proposal under way

    constructor(address directory_) {
        _directory = directory_;
    }

    /// @inheritdoc IProposals
    function propose(Call[] calldata calls, bytes32 document) external returns (uint256 id) {
        (uint32 institution, uint16 index) = _governedBy(msg.sender);
        require(calls.length > 0 && calls.length <= MOST_CALLS, AllianceCallsOutOfBounds(calls.length, MOST_CALLS));
        id = ++_proposalCount;
        Proposal storage made = _proposals[id];
        made.institution = institution;
        made.epoch = epoch();
        made.createdAt = block.timestamp.toUint40();
        made.votingEnds = (block.timestamp + parameter(Names.VOTING_PERIOD)).toUint40();
        made.need = _needNow().toUint16();
        made.document = document;
        made.content = keccak256(abi.encode(calls, document));
        for (uint256 i = 0; i < calls.length; ++i) {
            _calls[id].push(calls[i]);
        }
        emit ProposalCreated(id, institution, document, calls, made.votingEnds, made.need, msg.sender);
        _record(id, institution, index, msg.sender, true);
        _recount(id);
    }

    /// @inheritdoc IProposals
    function execute(uint256 id) external {
        require(_executing == 0, AllianceExecuting(_executing));
        (uint256 yes,) = _count(id);
        uint256 need = _need(id);
        ProposalState state = _stateGiven(_proposals[id], yes >= need);
        require(state == ProposalState.Executable, AllianceWrongState(id, state));
        _proposals[id].ending = Ending.Executed;
        _executing = id;
        emit ProposalExecuted(id, yes.toUint16(), need.toUint16(), msg.sender);
        uint256 length = _calls[id].length;
        for (uint256 i = 0; i < length; ++i) {
            Call memory call_ = _calls[id][i];
            require(call_.target.code.length > 0, AllianceNoCode(i, call_.target));
            (bool isDone, bytes memory reason) = call_.target.call(call_.data);
            require(isDone, AllianceCallFailed(i, reason));
        }
        _executing = 0;
    }

    /// @inheritdoc IProposals
    function withdraw(uint256 id) external {
        (uint32 institution,) = _governedBy(msg.sender);
        require(_proposals[id].institution == institution, AllianceNotProposer(id, msg.sender));
        ProposalState state = proposalState(id);
        require(state == ProposalState.Open, AllianceWrongState(id, state));
        _proposals[id].ending = Ending.Withdrawn;
        emit ProposalWithdrawn(id, msg.sender);
    }

    /// @inheritdoc IProposals
    function proposal(uint256 id) public view returns (Proposal memory) {
        return _proposals[id];
    }

    /// @inheritdoc IProposals
    function proposalCalls(uint256 id) external view returns (Call[] memory) {
        return _calls[id];
    }

    /// @inheritdoc IProposals
    function proposalCount() external view returns (uint256) {
        return _proposalCount;
    }

    /// @inheritdoc IProposals
    function proposalState(uint256 id) public view returns (ProposalState) {
        return _stateGiven(_proposals[id], _isAdopted(id) && _hasEnough(id));
    }

    /// @inheritdoc IProposals
    function isRestricting(uint256 id) public view returns (bool) {
        uint256 length = _calls[id].length;
        for (uint256 i = 0; i < length; ++i) {
            Call memory call_ = _calls[id][i];
            bytes32 name = Restrictions.nameFor(bytes4(call_.data));
            if (name == 0 || call_.target != _named(name)) return false;
        }
        return length > 0;
    }

    /// @inheritdoc IVotes
    function tally(uint256 id) external view returns (Tally memory) {
        (uint256 yes, uint256 no) = _count(id);
        return Tally(yes.toUint16(), no.toUint16(), _need(id).toUint16(), memberCount().toUint16());
    }

    /// @inheritdoc IProposals
    function executingYes(uint32 institution) external view returns (bool) {
        return _executing != 0 && stanceOf(_executing, institution) == Stance.Yes;
    }

    /// @inheritdoc IProposals
    function directory() external view returns (address) {
        return _directory;
    }

    /// @dev Writes a vote down; whether the proposal is adopted by it, `_recount` says.
    function _record(uint256 id, uint32 institution, uint16 index, address account, bool support) internal {
        if (_say(id, institution, Ballot(account, index, support))) ++_proposals[id].voters;
        emit VoteCast(id, institution, support, account);
    }

    /// @dev Adopts what has enough votes, opens again what has not. Counts nothing where too few ever voted.
    function _recount(uint256 id) internal {
        Proposal storage counted = _proposals[id];
        ProposalState state = _storedState(id);
        if (state == ProposalState.Open && counted.voters >= _need(id) && _hasEnough(id)) {
            uint256 from = block.timestamp + (isRestricting(id) ? 0 : parameter(Names.EXECUTION_DELAY));
            counted.executableFrom = from.toUint40();
            counted.lapsesAt = (from + parameter(Names.EXECUTION_WINDOW)).toUint40();
            emit ProposalAdopted(id, counted.executableFrom, counted.lapsesAt);
        } else if ((state == ProposalState.Waiting || state == ProposalState.Executable) && !_hasEnough(id)) {
            (counted.executableFrom, counted.lapsesAt) = (0, 0);
            emit ProposalReopened(id);
        }
    }

    /// @dev Where the proposal stands as its votes were last counted.
    function _storedState(uint256 id) internal view returns (ProposalState) {
        return _stateGiven(_proposals[id], _isAdopted(id));
    }

    function _isAdopted(uint256 id) private view returns (bool) {
        return _proposals[id].executableFrom != 0;
    }

    function _hasEnough(uint256 id) private view returns (bool) {
        (uint256 yes,) = _count(id);
        return yes >= _need(id);
    }

    function _need(uint256 id) private view returns (uint256) {
        return Math.max(_proposals[id].need, _needNow());
    }

    /// @dev A window that closed stays closed, whatever falls afterwards.
    function _stateGiven(Proposal memory record, bool hasEnough) private view returns (ProposalState) {
        if (record.createdAt == 0) return ProposalState.None;
        if (record.ending == Ending.Executed) return ProposalState.Executed;
        if (record.ending == Ending.Withdrawn) return ProposalState.Withdrawn;
        if (record.epoch != epoch()) return ProposalState.Void;
        if (record.executableFrom != 0 && block.timestamp > record.lapsesAt) return ProposalState.Lapsed;
        if (record.executableFrom == 0 || !hasEnough) {
            return block.timestamp > record.votingEnds ? ProposalState.Expired : ProposalState.Open;
        }
        return block.timestamp < record.executableFrom ? ProposalState.Waiting : ProposalState.Executable;
    }

    function _named(bytes32 name) private view returns (address) {
        return name == Names.DIRECTORY ? _directory : IDirectory(_directory).current(name);
    }
}
