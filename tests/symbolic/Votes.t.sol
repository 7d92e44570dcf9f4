// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Alliance} from "../../contracts/governance/Alliance.sol";
import {Surroundings} from "./Surroundings.sol";

/// @title The Alliance with its arithmetic in reach
contract Votes is Alliance {
    constructor(
        uint16 numerator,
        uint16 denominator,
        address operators,
        bytes32[] memory names,
        uint64[] memory values
    ) Alliance(numerator, denominator, operators, operators, operators, 0, names, values) {}

    function isEnough(uint256 yes) external view returns (bool) {
        return yes >= _needNow();
    }
}

/// @title The threshold, for every fraction at once
contract VoteProofs is Surroundings {
    uint256 private constant MOST_MEMBERS = 64;

    Votes private votes;

    function check_allVotesAreEnoughAndNoneAreNot(uint16 numerator, uint16 denominator, uint8 size) public {
        if (!_found(numerator, denominator)) return;
        uint256 members = _size(size);
        _setMembers(members);
        assert(votes.isEnough(members));
        assert(!votes.isEnough(0));
    }

    function check_enoughIsTheFractionAndMoreThanHalf(uint8 fraction, uint8 size, uint8 yes) public {
        (uint16 numerator, uint16 denominator) = _fraction(fraction);
        if (!_found(numerator, denominator)) return;
        uint256 members = _size(size);
        vm.assume(yes <= members);
        _setMembers(members);
        if (votes.isEnough(yes)) assert(2 * uint256(yes) > members);
        else assert(uint256(denominator) * yes < uint256(numerator) * members);
    }

    function check_oneMoreVoteNeverHarms(uint16 numerator, uint16 denominator, uint256 members, uint256 yes) public {
        vm.assume(members > 0 && members <= MOST_MEMBERS && yes < members);
        if (!_found(numerator, denominator)) return;
        _setMembers(members);
        if (votes.isEnough(yes)) assert(votes.isEnough(yes + 1));
    }

    /// @dev A fraction that alliances choose, known on each path: division by an unknown is beyond the solver.
    function _fraction(uint8 choice) private pure returns (uint16, uint16) {
        vm.assume(choice < 5);
        if (choice == 0) return (2, 3);
        if (choice == 1) return (3, 4);
        if (choice == 2) return (51, 100);
        if (choice == 3) return (1, 1);
        return (5, 9);
    }

    /// @dev One of the sizes that alliances have, a known number on each path: three unknowns are beyond the solver.
    function _size(uint8 choice) private pure returns (uint256) {
        vm.assume(choice < 7);
        if (choice == 0) return 1;
        if (choice == 1) return 2;
        if (choice == 2) return 3;
        if (choice == 3) return 4;
        if (choice == 4) return 6;
        if (choice == 5) return 13;
        return MOST_MEMBERS;
    }

    /// @dev False where the constructor refuses the fraction, which it must exactly outside (1/2, 1].
    function _found(uint16 numerator, uint16 denominator) private returns (bool) {
        bytes32[] memory names = new bytes32[](7);
        (names[0], names[1], names[2]) = ("votingPeriod", "executionDelay", "executionWindow");
        (names[3], names[4]) = ("controllerDelay", "recoveryDelay");
        (names[5], names[6]) = ("directoryDelay", "voidDelay");
        uint64[] memory values = new uint64[](7);
        (values[0], values[1], values[2]) = (7 days, 1 days, 3 days);
        (values[3], values[4], values[5], values[6]) = (2 days, 10 days, 3 days, 3 days);
        try new Votes(numerator, denominator, address(this), names, values) returns (Votes made) {
            assert(2 * uint256(numerator) > denominator && numerator <= denominator);
            votes = made;
        } catch {
            assert(2 * uint256(numerator) <= denominator || numerator > denominator);
            return false;
        }
        return true;
    }

    /// @dev The set of members begins in the second slot, with its length.
    function _setMembers(uint256 members) private {
        vm.store(address(votes), bytes32(uint256(1)), bytes32(members));
        assert(votes.memberCount() == members);
    }
}
