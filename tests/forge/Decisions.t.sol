// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IControllers} from "../../contracts/governance/IControllers.sol";
import {IOperators} from "../../contracts/governance/IOperators.sol";
import {IPermissions} from "../../contracts/chain/IPermissions.sol";
import {IProposals} from "../../contracts/governance/IProposals.sol";
import {IVotes} from "../../contracts/governance/IVotes.sol";
import {IIssuerRegistry} from "../../contracts/registry/IIssuerRegistry.sol";
import {IScopes} from "../../contracts/registry/IScopes.sol";
import {IKeys} from "../../contracts/registry/IKeys.sol";
import {Alliance} from "../../contracts/governance/Alliance.sol";
import {Acting} from "./Acting.sol";

/// @title A GOVERN account that is a contract, and acts in the middle of what it is called for
contract Reentrant {
    Alliance private immutable _alliance;
    bytes[] private _tries;
    bytes4[] public reasons; // why each try was refused; 0 where it was not

    constructor(Alliance alliance) {
        _alliance = alliance;
    }

    function plan(bytes calldata data) external {
        _tries.push(data);
    }

    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return this.isValidSignature.selector;
    }

    function act() external {
        for (uint256 i = 0; i < _tries.length; ++i) {
            (bool isDone, bytes memory answer) = address(_alliance).call(_tries[i]);
            reasons.push(isDone ? bytes4(0) : bytes4(answer));
        }
    }
}

/// @title What is tried with votes and decisions, and what refuses it
contract DecisionsTest is Acting {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function grant() private view returns (address target, bytes memory data) {
        return (address(permissions), abi.encodeCall(IPermissions.setDeploy, (address(0xBAD), true)));
    }

    function proposed(uint32 voters) private returns (uint256 id) {
        (address target, bytes memory data) = grant();
        return adopt(voters, target, data);
    }

    function handIn(IVotes.SignedVote memory given) private pure returns (bytes memory) {
        return abi.encodeCall(IVotes.voteFor, (given));
    }

    // --- signed votes ---

    function test_aVoteUnderItsOtherSignatureIsNone() public {
        deploy(4);
        IVotes.SignedVote memory given = signVote(keyOf(2, "g", 0), proposed(1), true, 0);
        (bytes32 r, bytes32 s, uint8 v) = split(given.signature);
        given.signature = abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        refused(address(0xBAD), address(alliance), handIn(given), bytes4(keccak256("ECDSAInvalidSignatureS(bytes32)")));
        given.signature = abi.encodePacked(r, s); // the short form
        bytes4 reason = bytes4(keccak256("ECDSAInvalidSignatureLength(uint256)"));
        refused(address(0xBAD), address(alliance), handIn(given), reason);
    }

    function test_oneVoteHandedInTwiceInABatchCountsOnceAndNoOtherIsLost() public {
        deploy(4);
        uint256 id = proposed(1);
        IVotes.SignedVote[] memory given = new IVotes.SignedVote[](5);
        given[0] = signVote(keyOf(2, "g", 0), id, true, 0);
        given[1] = given[0];
        given[2] = signVote(keyOf(3, "g", 0), id, true, 1); // one that does not come next
        given[3] = signVote(keyOf(3, "g", 0), 99, true, 0); // no such proposal
        given[4] = signVote(keyOf(4, "g", 0), id, true, 0);
        alliance.voteMany(given);
        require(alliance.tally(id).yes == 3 && alliance.proposal(id).voters == 3, "counted otherwise");
        require(alliance.nextSequence(2) == 1 && alliance.nextSequence(3) == 0, "other sequences");
        require(state(id) == IProposals.ProposalState.Waiting, "not adopted");
    }

    function test_aVoteIsForOneProposalItsContentAndItsWord() public {
        deploy(4);
        uint256 id = proposed(1);
        IVotes.SignedVote memory given = signVote(keyOf(2, "g", 0), id, true, 0);
        given.support = false;
        refused(address(0xBAD), address(alliance), handIn(given), IVotes.AllianceNotGovern.selector); // a stranger's now
        given.support = true;
        given.proposal = proposed(1);
        refused(address(0xBAD), address(alliance), handIn(given), IVotes.AllianceNotGovern.selector);
        given.proposal = propose(1, address(permissions), abi.encodeCall(IPermissions.setDeploy, (address(1), true)));
        refused(address(0xBAD), address(alliance), handIn(given), IVotes.AllianceOtherContent.selector);
    }

    // --- in the midst of an execution ---

    function test_whatIsCalledByADecisionNeitherVotesOnItNorExecutes() public {
        deploy(4);
        Reentrant account = new Reentrant(alliance);
        IControllers.Controllers memory set = controllers(1);
        set.govern[1] = address(account);
        vm.prank(address(alliance));
        operators.replaceControllers(1, set, one(""));
        uint256 other = proposed(3);
        uint256 id = adopt(3, address(account), abi.encodeCall(Reentrant.act, ()));
        account.plan(abi.encodeCall(IProposals.execute, (id)));
        account.plan(abi.encodeCall(IProposals.execute, (other)));
        account.plan(abi.encodeCall(IVotes.vote, (id, false)));
        account.plan(abi.encodeCall(IProposals.withdraw, (id)));
        account.plan(abi.encodeCall(IVotes.vote, (other, false)));
        vm.warp(alliance.proposal(id).executableFrom);
        alliance.execute(id);
        require(account.reasons(0) == IProposals.AllianceExecuting.selector, "executed twice");
        require(account.reasons(1) == IProposals.AllianceExecuting.selector, "executed another");
        require(account.reasons(2) == IProposals.AllianceWrongState.selector, "voted on what is done");
        require(account.reasons(3) == IProposals.AllianceWrongState.selector, "withdrew what is done");
        require(account.reasons(4) == 0, "no vote on another");
        require(state(id) == IProposals.ProposalState.Executed, "not executed");
        require(state(other) == IProposals.ProposalState.Open, "a no counts at once");
        require(alliance.executingYes(1) == false, "still executing");
    }

    // --- time ---

    function test_aDecisionIsExecutedFromItsFirstSecondToItsLast() public {
        deploy(4);
        uint256 early = proposed(3);
        uint256 late = proposed(3);
        IProposals.Proposal memory record = alliance.proposal(early);
        bytes4 reason = IProposals.AllianceWrongState.selector;
        vm.warp(record.executableFrom - 1);
        refused(address(1), address(alliance), abi.encodeCall(IProposals.execute, (early)), reason);
        vm.warp(record.executableFrom);
        alliance.execute(early);
        refused(address(1), address(alliance), abi.encodeCall(IProposals.execute, (early)), reason);
        vm.warp(record.lapsesAt + 1);
        refused(address(1), address(alliance), abi.encodeCall(IProposals.execute, (late)), reason);
        refused(g(4), address(alliance), abi.encodeCall(IVotes.vote, (late, true)), reason);
        require(state(late) == IProposals.ProposalState.Lapsed, "not lapsed");
    }

    function test_anObjectionAfterAdoptionRestartsTheDelay() public {
        deploy(4);
        uint256 id = proposed(3);
        uint40 before = alliance.proposal(id).executableFrom;
        vm.warp(before - 1);
        address added = accountOf(3, "g", 7);
        IControllers.Controllers memory set = controllers(3);
        set.govern[1] = added;
        IControllers.Acceptance[] memory given = one(accept(keyOf(3, "g", 7), 3, GOVERN));
        vm.prank(address(alliance));
        operators.replaceControllers(3, set, given);
        vote(added, id, false);
        require(state(id) == IProposals.ProposalState.Open, "the no of a newcomer counts");
        vote(added, id, true);
        require(alliance.proposal(id).executableFrom == block.timestamp + EXECUTION_DELAY, "the old delay");
        require(block.timestamp + EXECUTION_DELAY > before, "no later");
    }

    // --- others in the midst ---

    function test_aPeriodOrThresholdThatChangesMidwayHastensNothing() public {
        deploy(4);
        uint256 id = proposed(3);
        uint40 from = alliance.proposal(id).executableFrom;
        vm.prank(address(alliance));
        alliance.setParameter("executionDelay", 1 hours);
        vm.prank(address(alliance));
        alliance.setThreshold(1, 1);
        alliance.recount(id);
        require(state(id) == IProposals.ProposalState.Open, "a higher need counts");
        vm.prank(address(alliance));
        alliance.setThreshold(51, 100);
        alliance.recount(id);
        require(alliance.tally(id).need == 3, "a lower need counts");
        require(alliance.proposal(id).executableFrom == block.timestamp + 1 hours && from > 0, "another delay");
    }

    function test_aRemovedMembersVoteAndWhatItVotedOnAreVoid() public {
        deploy(5);
        uint256 id = proposed(4);
        vm.roll(2);
        vm.prank(address(alliance));
        alliance.removeMember(4);
        require(state(id) == IProposals.ProposalState.Void, "not void");
        bytes4 reason = IProposals.AllianceWrongState.selector;
        refused(address(1), address(alliance), abi.encodeCall(IProposals.execute, (id)), reason);
        refused(g(4), address(alliance), abi.encodeCall(IVotes.vote, (id, true)), IVotes.AllianceNotGovern.selector);
        vm.prank(address(alliance));
        alliance.addMember(4);
        require(state(id) == IProposals.ProposalState.Void, "it came back");
    }

    function test_oneStolenGovernDecidesNothingAndItsNoFallsWithIt() public {
        deploy(2);
        address thief = accountOf(1, "g", 1);
        uint256 id = proposed(2);
        vote(thief, id, false);
        require(state(id) == IProposals.ProposalState.Open, "adopted");
        uint256 cut = propose(1, address(operators), abi.encodeCall(IOperators.markOperatorCompromised, (thief, 1)));
        vote(g(2), cut, true);
        alliance.execute(cut); // without delay, before the thief said anything
        require(alliance.tally(id).yes == 2, "the no stands");
    }

    // --- what takes away and what gives ---

    function test_nothingThatGivesPassesForARestriction() public {
        deploy(4);
        admit(1);
        IProposals.Call[] memory calls = new IProposals.Call[](2);
        calls[0] = IProposals.Call(address(registry), abi.encodeCall(IScopes.suspendScope, (1, 1, DOCUMENT)));
        bytes[] memory giving = new bytes[](4);
        giving[0] = abi.encodeCall(IIssuerRegistry.reinstate, (1, DOCUMENT));
        giving[1] = abi.encodeCall(IScopes.liftScope, (1, 1, DOCUMENT));
        giving[2] = abi.encodeWithSelector(IKeys.retireKey.selector, 1, 2, 0); // at the registry
        giving[3] = hex"00";
        for (uint256 i = 0; i < giving.length; ++i) {
            calls[1] = IProposals.Call(address(registry), giving[i]);
            vm.prank(g(1));
            uint256 id = alliance.propose(calls, DOCUMENT);
            require(!alliance.isRestricting(id), "without delay");
        }
    }

    function test_aCutOffByVoteDatesNothingLaterNorToZero() public {
        deploy(2);
        address officer = accountOf(1, "i", 0);
        bytes4 reason = IOperators.OperatorsSinceOutOfBounds.selector;
        bytes memory data = abi.encodeCall(IOperators.markOperatorCompromised, (officer, 0));
        refusedToAll(address(operators), data, reason);
        data = abi.encodeCall(IOperators.markOperatorCompromised, (officer, uint40(block.timestamp) + 1));
        refusedToAll(address(operators), data, reason);
        vm.prank(address(alliance));
        operators.markOperatorCompromised(officer, 5);
        data = abi.encodeCall(IOperators.markOperatorCompromised, (officer, 6));
        refusedToAll(address(operators), data, reason);
    }

    function split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
    }
}
