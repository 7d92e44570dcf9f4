// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StatusRegistry} from "../../contracts/credentials/StatusRegistry.sol";
import {Surroundings} from "./Surroundings.sol";

/// @title Bitmaps, for every word, mask and index at once
contract StatusProofs is Surroundings {
    StatusRegistry private status;

    function setUp() public {
        status = new StatusRegistry(address(this), address(this), address(this), 1);
        status.openList(17);
        status.openList(17);
    }

    function _current(bytes32 name) internal view override returns (address) {
        return name == "StatusRegistry" ? address(status) : address(this);
    }

    function check_revokeRaisesItsBitAndNoOther(uint256 before, uint256 paused, uint32 index, uint8 reason) public {
        _write(1, index >> 8, before, paused);
        try status.revoke(1, index, reason) {
            (uint256 revoked, uint256 suspended) = _read(1, index >> 8);
            uint256 bit = 1 << (index & 0xff);
            assert(before & bit == 0 && revoked == before | bit && suspended == paused);
            assert(index < 1 << 17 && reason <= 3);
        } catch {
            assert(reason > 3 || before & (1 << (index & 0xff)) != 0);
        }
    }

    function check_anIndexBeyondTheListIsRefused(uint32 index) public {
        vm.assume(index >= 1 << 17);
        try status.revoke(1, index, 0) {
            assert(false);
        } catch {}
        try status.suspend(1, index, 0) {
            assert(false);
        } catch {}
    }

    function check_revokeWordsOnlyRaises(uint256 before, uint256 mask, uint32 at) public {
        _write(1, at, before, 0);
        status.revokeWords(1, _place(at), _one(mask), 1);
        (uint256 revoked, uint256 suspended) = _read(1, at);
        assert(revoked == before | mask && suspended == 0);
    }

    function check_reinstateWordsLeavesRevocations(uint256 before, uint256 paused, uint256 mask, uint32 at) public {
        _write(1, at, before, paused);
        status.reinstateWords(1, _place(at), _one(mask), 1);
        (uint256 revoked, uint256 suspended) = _read(1, at);
        assert(revoked == before && suspended == paused & ~mask);
    }

    function check_clearingLowersItsMaskAndNoMore(uint256 before, uint256 paused, uint256 mask, uint32 at) public {
        _write(1, at, before, paused);
        status.clearRevocations(1, _place(at), _one(mask), bytes32(0));
        (uint256 revoked, uint256 suspended) = _read(1, at);
        assert(revoked == before & ~mask && suspended == paused);
    }

    function check_anotherWordOrListStays(uint256 before, uint256 mask, uint32 at, uint32 other, bool sameList)
        public
    {
        vm.assume(at < 512 && other < 512 && (at != other || !sameList));
        uint32 list = sameList ? 1 : 2;
        _write(list, other, before, before);
        status.revokeWords(1, _place(at), _one(mask), 1);
        (uint256 revoked, uint256 suspended) = _read(list, other);
        assert(revoked == before && suspended == before);
    }

    /// @dev Puts a list's word into any state, by the contract's own functions.
    function _write(uint32 list, uint32 at, uint256 revoked, uint256 suspended) private {
        vm.assume(at < 512);
        status.revokeWords(list, _place(at), _one(revoked), 0);
        status.suspendWords(list, _place(at), _one(suspended), 0);
    }

    function _read(uint32 list, uint32 at) private view returns (uint256, uint256) {
        (uint256[] memory revoked, uint256[] memory suspended) = status.words(list, at, 1);
        return (revoked[0], suspended[0]);
    }

    function _place(uint32 value) private pure returns (uint32[] memory list) {
        list = new uint32[](1);
        list[0] = value;
    }

    function _one(uint256 value) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = value;
    }
}
