// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Alliance} from "../../contracts/governance/Alliance.sol";
import {IAgreements} from "../../contracts/governance/IAgreements.sol";
import {IMembership} from "../../contracts/governance/IMembership.sol";
import {IOperators} from "../../contracts/governance/IOperators.sol";
import {IProposals} from "../../contracts/governance/IProposals.sol";
import {IVotes} from "../../contracts/governance/IVotes.sol";
import {Cheats} from "./Cheats.sol";

/// @title Who governs, as the tests say it: every entry of an account has an index of its own, as in Operators
contract Roll is Cheats {
    mapping(address => uint32) public institutionOfAccount;
    mapping(address => uint16) public indexOf;
    mapping(address => bool) public governs;
    uint16 private _last;

    function appoint(address account, uint32 institution) external {
        (institutionOfAccount[account], indexOf[account], governs[account]) = (institution, ++_last, true);
    }

    function retire(address account) external {
        governs[account] = false;
    }

    function roleOf(address account) external view returns (uint32, uint16, uint16) {
        return (institutionOfAccount[account], indexOf[account], governs[account] ? 1 : 0);
    }

    function institutionOf(uint32) external pure returns (IOperators.Institution memory record) {
        record.createdAt = 1;
    }

    function permissions() external view returns (address) {
        return address(this);
    }

    function isSealed() external pure returns (bool) {
        return true;
    }
}

/// @title Five institutions of three accounts that propose, vote and execute, in and out of time, while members,
/// threshold and accounts change; beside it what a plain reading of the rules makes of it
contract VoteActors is Cheats {
    uint32 public constant INSTITUTIONS = 5;
    uint256 private constant EACH = 3;
    uint256 private constant DELAY = 1 days;

    Alliance private immutable _alliance;
    Roll private immutable _roll;

    mapping(uint256 => mapping(address => uint16)) private _index; // of the entry under which it spoke
    mapping(uint256 => mapping(address => bool)) private _support;
    mapping(uint256 => mapping(uint32 => bool)) private _spoke;
    mapping(uint256 => uint256) public voters;
    mapping(uint256 => uint256) public needAtFirst;
    mapping(uint256 => uint256) public executions;
    mapping(uint256 => uint256) private _adoptedAt; // as last counted; 0: not adopted
    bool public fewBound;
    bool public wasHasty;
    uint256 public adoptions;

    constructor(Alliance alliance, Roll roll) {
        (_alliance, _roll) = (alliance, roll);
    }

    function propose(uint256 actorSeed, uint8 kind, uint32 institution) external {
        if (actorSeed % 4 != 0 && _isVotable(_alliance.proposalCount())) return; // let the vote come to its end
        IProposals.Call[] memory calls = new IProposals.Call[](1);
        calls[0] = IProposals.Call(address(_alliance), _data(kind % 8, uint32(bound(institution, 1, INSTITUTIONS))));
        address actor = _actor(actorSeed);
        bool may = _mayVote(actor);
        uint256 need = needNow();
        vm.prank(actor);
        try _alliance.propose(calls, keccak256("minutes")) returns (uint256 id) {
            require(may, "proposed by one who may not");
            needAtFirst[id] = need;
            _note(id, actor, true);
            _count(id);
        } catch {
            require(!may, "a good proposal was refused");
        }
    }

    function vote(uint256 actorSeed, uint256 idSeed, bool support) external {
        uint256 id = _id(idSeed);
        address actor = _actor(actorSeed);
        bool may = _mayVote(actor) && _isVotable(id);
        support = support || actorSeed % 5 != 0; // mostly in favour, so that proposals pass
        vm.prank(actor);
        try _alliance.vote(id, support) {
            require(may, "a vote was taken that is none");
            _count(id);
            _note(id, actor, support);
            _count(id);
        } catch {
            require(!may, "a good vote was refused");
        }
    }

    function recount(uint256 idSeed) external {
        uint256 id = _id(idSeed);
        try _alliance.recount(id) {
            _count(id);
        } catch {}
    }

    function execute(uint256 idSeed) external {
        uint256 id = _id(idSeed);
        (uint256 yes,) = counted(id);
        uint256 members = _alliance.memberCount();
        uint256 need = needNow();
        uint32 agreements = _alliance.agreementCount();
        try _alliance.execute(id) {
            ++executions[id];
            if (yes < need || yes < needAtFirst[id] || 2 * yes <= members) fewBound = true;
            if (_adoptedAt[id] == 0 || block.timestamp < _adoptedAt[id] + DELAY) wasHasty = true;
            if (_alliance.agreementCount() > agreements) ++adoptions;
        } catch {}
    }

    function withdraw(uint256 actorSeed, uint256 idSeed) external {
        if (actorSeed % 8 != 0) return;
        uint256 id = _id(idSeed);
        address actor = _actor(actorSeed);
        bool may = _mayVote(actor) && _alliance.proposal(id).institution == _roll.institutionOfAccount(actor)
            && _alliance.proposalState(id) == IProposals.ProposalState.Open;
        vm.prank(actor);
        try _alliance.withdraw(id) {
            require(may, "taken back by one who may not");
        } catch {
            require(!may, "a good withdrawal was refused");
        }
    }

    function changeAccounts(uint256 accountSeed, bool appoints) external {
        if (accountSeed % 3 != 0) return;
        address account = _account(accountSeed);
        if (appoints && !_roll.governs(account)) _roll.appoint(account, _roll.institutionOfAccount(account));
        else _roll.retire(account);
    }

    function pass(uint24 secondsOn) external {
        vm.warp(block.timestamp + secondsOn % 2 days);
    }

    /// @dev Today's members whose accounts, of those that governed ever since, say yes without a no; and those with a no.
    function counted(uint256 id) public view returns (uint256 yes, uint256 no) {
        for (uint32 institution = 1; institution <= INSTITUTIONS; ++institution) {
            if (!_alliance.isMember(institution)) continue;
            (bool saysYes, bool saysNo) = (false, false);
            for (uint256 i = 0; i < EACH; ++i) {
                address account = accountAt(institution, i);
                if (!_roll.governs(account) || _index[id][account] != _roll.indexOf(account)) continue;
                if (_support[id][account]) saysYes = true;
                else saysNo = true;
            }
            if (saysNo) ++no;
            else if (saysYes) ++yes;
        }
    }

    /// @dev The least number of members that is the fraction of all, by trying one after the other.
    function needNow() public view returns (uint256 need) {
        (uint256 numerator, uint256 denominator) = _alliance.threshold();
        while (need * denominator < numerator * _alliance.memberCount()) ++need;
    }

    function accountAt(uint32 institution, uint256 number) public pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("governs", institution, number)))));
    }

    function _data(uint8 kind, uint32 institution) private pure returns (bytes memory) {
        if (kind == 0) return abi.encodeCall(IMembership.removeMember, (institution));
        if (kind == 1) return abi.encodeCall(IMembership.addMember, (institution));
        if (kind == 2) return abi.encodeCall(IMembership.setParameter, ("votingPeriod", 0));
        if (kind == 3) return abi.encodeCall(IMembership.setThreshold, (51, 100));
        if (kind == 4) return abi.encodeCall(IMembership.setThreshold, (4, 5));
        return abi.encodeCall(IAgreements.adoptAgreement, (keccak256("agreement"), 0));
    }

    /// @dev What a count by the Alliance finds, which is when a delay begins.
    function _count(uint256 id) private {
        (uint256 yes,) = counted(id);
        bool hasEnough = yes >= needNow() && yes >= needAtFirst[id];
        if (!hasEnough) _adoptedAt[id] = 0;
        else if (_adoptedAt[id] == 0) _adoptedAt[id] = block.timestamp;
    }

    function _note(uint256 id, address account, bool support) private {
        _index[id][account] = _roll.indexOf(account);
        _support[id][account] = support;
        uint32 institution = _roll.institutionOfAccount(account);
        if (!_spoke[id][institution]) ++voters[id];
        _spoke[id][institution] = true;
    }

    function _mayVote(address account) private view returns (bool) {
        return _roll.governs(account) && _alliance.isMember(_roll.institutionOfAccount(account));
    }

    function _isVotable(uint256 id) private view returns (bool) {
        IProposals.ProposalState state = _alliance.proposalState(id);
        return state == IProposals.ProposalState.Open || state == IProposals.ProposalState.Waiting
            || state == IProposals.ProposalState.Executable;
    }

    function _id(uint256 seed) private view returns (uint256) {
        uint256 count = _alliance.proposalCount();
        return seed % 8 == 0 ? seed % (count + 2) : count; // mostly the newest
    }

    /// @dev Mostly one who governs or governed, else this contract.
    function _actor(uint256 seed) private view returns (address) {
        return seed % 16 == 0 ? address(this) : _account(seed);
    }

    function _account(uint256 seed) private pure returns (address) {
        return accountAt(uint32(seed % 97 % INSTITUTIONS) + 1, seed % 89 % EACH);
    }
}

/// @title Claims on votes that hold whatever was called
contract VotesTest is Cheats {
    uint64 private constant VOTING_PERIOD = 7 days;

    Alliance private alliance;
    Roll private roll;
    VoteActors private actors;

    function setUp() public {
        vm.warp(1_800_000_000);
        roll = new Roll();
        (bytes32[] memory names, uint64[] memory values) = _periods();
        alliance = new Alliance(2, 3, address(roll), address(roll), address(0), keccak256("origin"), names, values);
        actors = new VoteActors(alliance, roll);
        uint32[] memory members = new uint32[](actors.INSTITUTIONS());
        for (uint32 i = 0; i < members.length; ++i) {
            members[i] = i + 1;
            for (uint256 j = 0; j < 3; ++j) {
                roll.appoint(actors.accountAt(i + 1, j), i + 1);
            }
        }
        alliance.foundMembers(members);
        alliance.seal();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_aPassedProposalOfTheFewNeverBindsTheMany() public view {
        require(!actors.fewBound(), "executed with fewer members than it took");
    }

    function invariant_nothingIsExecutedBeforeItsDelay() public view {
        require(!actors.wasHasty(), "executed before the members could change their votes");
    }

    function invariant_votesEqualARecount() public view {
        for (uint256 id = 1; id <= alliance.proposalCount(); ++id) {
            IVotes.Tally memory said = alliance.tally(id);
            (uint256 yes, uint256 no) = actors.counted(id);
            require(said.yes == yes && said.no == no, "the votes that count differ from those cast");
            require(alliance.proposal(id).voters == actors.voters(id), "the voters differ from those who voted");
            require(said.members == alliance.memberCount(), "not every member was asked");
        }
    }

    function invariant_aProposalExecutesOnce() public view {
        uint256 executed = 0;
        for (uint256 id = 1; id <= alliance.proposalCount(); ++id) {
            require(actors.executions(id) <= 1, "executed twice");
            bool isExecuted = alliance.proposal(id).ending == IProposals.Ending.Executed;
            require(isExecuted == (actors.executions(id) == 1), "executed, but not carried out");
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
        uint256 yes = bound(yesSeed, 1, 5);
        IProposals.Call[] memory calls = new IProposals.Call[](1);
        calls[0] = IProposals.Call(address(alliance), abi.encodeCall(IAgreements.adoptAgreement, (0, 0)));
        vm.prank(actors.accountAt(1, 0));
        uint256 id = alliance.propose(calls, 0);
        for (uint32 i = 2; i <= yes; ++i) {
            vm.prank(actors.accountAt(i, 1));
            alliance.vote(id, true);
        }
        bool passes = alliance.proposalState(id) == IProposals.ProposalState.Waiting;
        require(passes == (yes >= 4), "four of five are two thirds, three are not");
    }

    function _periods() private pure returns (bytes32[] memory names, uint64[] memory values) {
        names = new bytes32[](7);
        values = new uint64[](7);
        (names[0], names[1], names[2]) = ("votingPeriod", "executionDelay", "executionWindow");
        (names[3], names[4]) = ("controllerDelay", "recoveryDelay");
        (names[5], names[6]) = ("directoryDelay", "voidDelay");
        (values[0], values[1], values[2]) = (VOTING_PERIOD, 1 days, 3 days);
        (values[3], values[4], values[5], values[6]) = (2 days, 10 days, 3 days, 3 days);
    }
}
