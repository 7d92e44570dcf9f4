// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IVotes} from "./IVotes.sol";
import {Membership} from "./Membership.sol";

/// @title What accounts said about proposals, and what their institutions say by it
abstract contract Ballots is Membership {
    // proposal, institution, position from 0; an empty one ends the list, which no account stands in twice
    mapping(uint256 => mapping(uint32 => mapping(uint256 => Ballot))) private _ballots;

    /// @inheritdoc IVotes
    function stanceOf(uint256 id, uint32 institution) public view returns (Stance stance) {
        mapping(uint256 => Ballot) storage list = _ballots[id][institution];
        for (uint256 i = 0; list[i].account != address(0); ++i) {
            Ballot memory said = list[i];
            if (!_stillGoverns(said.account, said.index)) continue;
            if (!said.support) return Stance.No;
            stance = Stance.Yes;
        }
    }

    /// @inheritdoc IVotes
    function ballots(uint256 id, uint32 institution) external view returns (Ballot[] memory counting) {
        mapping(uint256 => Ballot) storage list = _ballots[id][institution];
        uint256 length = 0;
        while (list[length].account != address(0)) ++length;
        Ballot[] memory found = new Ballot[](length);
        uint256 standing = 0;
        for (uint256 i = 0; i < length; ++i) {
            if (_stillGoverns(list[i].account, list[i].index)) found[standing++] = list[i];
        }
        counting = new Ballot[](standing);
        for (uint256 i = 0; i < standing; ++i) {
            counting[i] = found[i];
        }
    }

    /// @dev Writes what an account says now in place of what it said. What has fallen makes room, so that a list is never
    /// longer than an institution's acting accounts and one. True where nobody of the institution had voted before.
    function _say(uint256 id, uint32 institution, Ballot memory ballot) internal returns (bool isFirst) {
        mapping(uint256 => Ballot) storage list = _ballots[id][institution];
        uint256 length = 0;
        uint256 kept = 0;
        for (; list[length].account != address(0); ++length) {
            Ballot memory said = list[length];
            if (said.account == ballot.account || !_stillGoverns(said.account, said.index)) continue;
            if (kept != length) list[kept] = said;
            ++kept;
        }
        list[kept] = ballot;
        for (uint256 i = kept + 1; i < length; ++i) {
            delete list[i];
        }
        return length == 0;
    }

    /// @dev Today's members by what they say.
    function _count(uint256 id) internal view returns (uint256 yes, uint256 no) {
        uint256 length = memberCount();
        for (uint256 i = 0; i < length; ++i) {
            Stance stance = stanceOf(id, _memberAt(i));
            if (stance == Stance.Yes) ++yes;
            else if (stance == Stance.No) ++no;
        }
    }
}
