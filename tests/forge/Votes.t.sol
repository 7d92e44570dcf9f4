// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Alliance} from "../../contracts/governance/Alliance.sol";
import {IAlliance} from "../../contracts/governance/IAlliance.sol";
import {Cheats} from "./Cheats.sol";
import {Suite} from "./Suite.sol";

/// @title Five institutions that propose, vote and execute, in and out of time, while membership changes
contract VoteActors is Cheats {
    uint32 private constant INSTITUTIONS = 5;

    Alliance private immutable _alliance;
    address[] private _governors; // two of each institution, in order

    mapping(uint256 => mapping(uint32 => bool)) private _voted;
    mapping(uint256 => uint256) public yes;
    mapping(uint256 => uint256) public votes;
    mapping(uint256 => uint256) public executions;
    uint256 public adoptions;

    constructor(Alliance alliance, address[] memory governors) {
        (_alliance, _governors) = (alliance, governors);
    }

    function propose(uint256 actorSeed, uint8 kind, uint32 institution) external {
        if (_isOpen(_alliance.proposalCount()) && actorSeed % 4 != 0) return; // let the vote come to its end
        institution = uint32(bound(institution, 1, INSTITUTIONS));
        IAlliance.Call[] memory calls = new IAlliance.Call[](1);
        calls[0].target = address(_alliance);
        kind %= 6;
        if (kind == 0) calls[0].data = abi.encodeCall(IAlliance.removeMember, (institution));
        else if (kind == 1) calls[0].data = abi.encodeCall(IAlliance.addMember, (institution));
        else if (kind == 2) calls[0].data = abi.encodeCall(IAlliance.setParameter, ("votingPeriod", 0));
        else calls[0].data = abi.encodeCall(IAlliance.adoptAgreement, (keccak256("agreement"), 0));
        address actor = _actor(actorSeed);
        bool may = _alliance.isMember(_institutionOf(actor));
        vm.prank(actor);
        try _alliance.propose(calls, keccak256("minutes")) {
            require(may, "proposed by one who may not");
        } catch {
            require(!may, "a good proposal was refused");
        }
    }

    function vote(uint256 actorSeed, uint256 idSeed, bool support) external {
        uint256 id = _id(idSeed);
        address actor = _actor(actorSeed);
        uint32 institution = _institutionOf(actor);
        for (uint256 i = 0; _voted[id][institution] && i < INSTITUTIONS && actorSeed % 4 != 0; ++i) {
            actor = _governors[(actorSeed % 97 + i) % _governors.length]; // one who has not voted yet
            institution = _institutionOf(actor);
        }
        IAlliance.ProposalState state = _alliance.proposalState(id);
        bool may = _alliance.isMember(institution) && !_voted[id][institution]
            && (state == IAlliance.ProposalState.Open || state == IAlliance.ProposalState.Passed);
        support = support || actorSeed % 3 != 0; // mostly in favour, so that proposals pass
        vm.prank(actor);
        try _alliance.vote(id, support) {
            require(may, "a vote was taken that is none");
            _voted[id][institution] = true;
            ++votes[id];
            if (support) ++yes[id];
        } catch {
            require(!may, "a good vote was refused");
        }
    }

    function execute(uint256 idSeed) external {
        uint256 id = _id(idSeed);
        IAlliance.Proposal memory record = _alliance.proposal(id);
        bool may = record.createdAt != 0 && executions[id] == 0 && record.epoch == _alliance.epoch()
            && block.timestamp <= record.expiresAt && 3 * yes[id] >= 2 * _alliance.memberCount();
        uint32 agreements = _alliance.agreementCount();
        try _alliance.execute(id) {
            require(may, "executed without two thirds, in time, of today's members");
            ++executions[id];
            if (_alliance.agreementCount() > agreements) ++adoptions;
        } catch {}
    }

    function pass(uint24 secondsOn) external {
        vm.warp(block.timestamp + secondsOn % 4 days);
    }

    function _isOpen(uint256 id) private view returns (bool) {
        IAlliance.ProposalState state = _alliance.proposalState(id);
        return state == IAlliance.ProposalState.Open || state == IAlliance.ProposalState.Passed;
    }

    function _id(uint256 seed) private view returns (uint256) {
        uint256 count = _alliance.proposalCount();
        return seed % 8 == 0 ? seed % (count + 2) : count; // mostly the newest
    }

    /// @dev Mostly one who governs, else this contract.
    function _actor(uint256 seed) private view returns (address) {
        return seed % 16 == 0 ? address(this) : _governors[seed % _governors.length];
    }

    function _institutionOf(address actor) private view returns (uint32) {
        for (uint256 i = 0; i < _governors.length; ++i) {
            if (_governors[i] == actor) return uint32(i / 2 + 1);
        }
        return 0;
    }
}

/// @title Claims on votes that hold whatever was called
contract VotesTest is Suite {
    VoteActors private actors;

    function setUp() public {
        deploy(5);
        address[] memory governors = new address[](10);
        for (uint32 i = 0; i < governors.length; ++i) {
            governors[i] = accountOf(i / 2 + 1, "g", i % 2);
        }
        actors = new VoteActors(alliance, governors);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_oneMemberOneVote() public view {
        for (uint256 id = 1; id <= alliance.proposalCount(); ++id) {
            IAlliance.Proposal memory record = alliance.proposal(id);
            uint256 voters = 0;
            for (uint32 institution = 1; institution <= 5; ++institution) {
                if (alliance.hasVoted(id, institution)) ++voters;
            }
            require(uint256(record.yes) + record.no == voters, "votes differ from voters");
            require(record.yes == actors.yes(id) && voters == actors.votes(id), "votes differ from those cast");
        }
    }

    function invariant_aProposalExecutesOnce() public view {
        uint256 executed = 0;
        for (uint256 id = 1; id <= alliance.proposalCount(); ++id) {
            require(actors.executions(id) <= 1, "executed twice");
            require(alliance.proposal(id).executed == (actors.executions(id) == 1), "executed, but not carried out");
            executed += actors.executions(id);
        }
        require(
            alliance.agreementCount() == actors.adoptions() && actors.adoptions() <= executed, "adopted without a vote"
        );
    }

    function invariant_anAllianceKeepsAMemberAndItsPeriods() public view {
        require(alliance.memberCount() > 0, "no member is left");
        require(alliance.parameter("votingPeriod") == VOTING_PERIOD, "a period went below its floor");
    }

    /// @dev The threshold in integers, against the fraction in words: at least two thirds.
    function testFuzz_twoThirdsInIntegers(uint8 yesSeed) public {
        uint256 yes = bound(yesSeed, 0, 5);
        IAlliance.Call[] memory calls = new IAlliance.Call[](1);
        calls[0] = IAlliance.Call(address(alliance), abi.encodeCall(IAlliance.adoptAgreement, (0, 0)));
        vm.prank(accountOf(1, "g", 0));
        uint256 id = alliance.propose(calls, 0);
        for (uint32 i = 1; i <= yes; ++i) {
            vm.prank(accountOf(i, "g", 1));
            alliance.vote(id, true);
        }
        bool passes = alliance.proposalState(id) == IAlliance.ProposalState.Passed;
        require(passes == (yes >= 4), "four of five are two thirds, three are not");
    }
}
