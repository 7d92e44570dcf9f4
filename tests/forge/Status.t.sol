// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StatusRegistry} from "../../contracts/credentials/StatusRegistry.sol";
import {Cheats} from "./Cheats.sol";
import {Suite} from "./Suite.sol";

/// @title Two issuers that keep their lists, a thief who tries, and the Alliance; with a copy of what lists should hold
contract StatusActors is Cheats {
    StatusRegistry private immutable _status;
    address private immutable _alliance;
    address[] private _actors; // the two STATUS operators, then those who may not

    uint256 public constant WORDS = 3; // few, so that writes meet
    mapping(uint32 => mapping(uint32 => uint256)) public revoked;
    mapping(uint32 => mapping(uint32 => uint256)) public suspended;
    mapping(uint32 => mapping(uint32 => uint256)) public everRevoked;
    mapping(uint32 => mapping(uint32 => uint256)) public cleared; // what the Alliance ever voted to clear

    constructor(StatusRegistry status, address alliance, address[] memory actors) {
        (_status, _alliance, _actors) = (status, alliance, actors);
    }

    function revoke(uint256 actorSeed, uint32 list, uint32 index, uint8 reason) external {
        (address actor, bool may) = _choose(actorSeed, list = _list(list), reason);
        index = uint32(bound(index, 0, 256 * WORDS - 1));
        bool isNew = revoked[list][index >> 8] & (1 << (index & 255)) == 0;
        vm.prank(actor);
        try _status.revoke(list, index, reason) {
            require(may && isNew, "revoked by one who may not");
            _noteRevoked(list, index >> 8, 1 << (index & 255));
        } catch {
            require(!may || !isNew, "a good revocation was refused");
        }
    }

    function revokeWords(uint256 actorSeed, uint32 list, uint32[2] memory wordSeeds, uint256[2] memory maskSeeds)
        external
    {
        (address actor, bool may) = _choose(actorSeed, list = _list(list), 1);
        (uint32[] memory words, uint256[] memory masks) = _pairs(wordSeeds, maskSeeds);
        vm.prank(actor);
        try _status.revokeWords(list, words, masks, 1) {
            require(may, "revoked by one who may not");
            for (uint256 i = 0; i < words.length; ++i) {
                _noteRevoked(list, words[i], masks[i]);
            }
        } catch {
            require(!may, "a good revocation was refused");
        }
    }

    function suspendWords(uint256 actorSeed, uint32 list, uint32[2] memory wordSeeds, uint256[2] memory maskSeeds)
        external
    {
        (address actor, bool may) = _choose(actorSeed, list = _list(list), 1);
        (uint32[] memory words, uint256[] memory masks) = _pairs(wordSeeds, maskSeeds);
        vm.prank(actor);
        try _status.suspendWords(list, words, masks, 1) {
            require(may, "suspended by one who may not");
            for (uint256 i = 0; i < words.length; ++i) {
                suspended[list][words[i]] |= masks[i];
            }
        } catch {
            require(!may, "a good suspension was refused");
        }
    }

    function reinstateWords(uint256 actorSeed, uint32 list, uint32[2] memory wordSeeds, uint256[2] memory maskSeeds)
        external
    {
        (address actor, bool may) = _choose(actorSeed, list = _list(list), 1);
        (uint32[] memory words, uint256[] memory masks) = _pairs(wordSeeds, maskSeeds);
        vm.prank(actor);
        try _status.reinstateWords(list, words, masks, 1) {
            require(may, "reinstated by one who may not");
            for (uint256 i = 0; i < words.length; ++i) {
                suspended[list][words[i]] &= ~masks[i];
            }
        } catch {
            require(!may, "a good reinstatement was refused");
        }
    }

    function clear(
        bool byAlliance,
        uint256 actorSeed,
        uint32 list,
        uint32[2] memory wordSeeds,
        uint256[2] memory maskSeeds
    ) external {
        list = _list(list);
        (uint32[] memory words, uint256[] memory masks) = _pairs(wordSeeds, maskSeeds);
        vm.prank(byAlliance ? _alliance : _actors[actorSeed % _actors.length]);
        try _status.clearRevocations(list, words, masks, keccak256("minutes")) {
            require(byAlliance, "cleared without a vote");
            for (uint256 i = 0; i < words.length; ++i) {
                cleared[list][words[i]] |= masks[i];
                revoked[list][words[i]] &= ~masks[i];
            }
        } catch {
            require(!byAlliance, "a voted clearing was refused");
        }
    }

    function _noteRevoked(uint32 list, uint32 wordIndex, uint256 mask) private {
        revoked[list][wordIndex] |= mask;
        everRevoked[list][wordIndex] |= mask;
    }

    function _list(uint32 seed) private pure returns (uint32) {
        return uint32(bound(seed, 1, 2));
    }

    /// @dev List n belongs to institution n, whose STATUS operator stands at n - 1.
    function _choose(uint256 seed, uint32 list, uint8 reason) private view returns (address actor, bool may) {
        uint256 place = seed % 8 < 5 ? list - 1 : seed % _actors.length; // mostly the one who may
        return (_actors[place], place == list - 1 && reason <= 3);
    }

    function _pairs(uint32[2] memory wordSeeds, uint256[2] memory maskSeeds)
        private
        pure
        returns (uint32[] memory words, uint256[] memory masks)
    {
        (words, masks) = (new uint32[](2), new uint256[](2));
        for (uint256 i = 0; i < 2; ++i) {
            (words[i], masks[i]) = (uint32(wordSeeds[i] % WORDS), maskSeeds[i]);
        }
    }
}

/// @title Claims on status lists that hold whatever was called
contract StatusTest is Suite {
    StatusActors private actors;

    function setUp() public {
        deploy(2);
        for (uint32 i = 1; i <= 2; ++i) {
            admit(i);
            vm.prank(accountOf(i, "i", 0));
            status.openList(17);
        }
        address[] memory who = new address[](5);
        (who[0], who[1]) = (accountOf(1, "s", 0), accountOf(2, "s", 0));
        (who[2], who[3], who[4]) = (accountOf(1, "i", 0), accountOf(2, "a", 0), address(this));
        actors = new StatusActors(status, address(alliance), who);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_aRevokedCredentialStaysSoUnlessTheAllianceVoted() public view {
        for (uint32 list = 1; list <= 2; ++list) {
            (uint256[] memory revoked,) = status.words(list, 0, uint32(actors.WORDS()));
            for (uint32 i = 0; i < revoked.length; ++i) {
                uint256 gone = actors.everRevoked(list, i) & ~revoked[i];
                require(gone & ~actors.cleared(list, i) == 0, "a revocation went without a vote");
            }
        }
    }

    function invariant_listsHoldExactlyWhatTheirKeepersWrote() public view {
        for (uint32 list = 1; list <= 2; ++list) {
            (uint256[] memory revoked, uint256[] memory suspended) = status.words(list, 0, uint32(actors.WORDS()) + 1);
            for (uint32 i = 0; i < revoked.length; ++i) {
                require(revoked[i] == actors.revoked(list, i), "revoked differs from what was written");
                require(suspended[i] == actors.suspended(list, i), "suspended differs from what was written");
            }
        }
    }

    function testFuzz_oneIndexIsOneBit(uint32 index, uint8 reason) public {
        index = uint32(bound(index, 0, (1 << 17) - 1));
        vm.prank(accountOf(1, "s", 0));
        status.revoke(1, index, uint8(bound(reason, 0, 3)));
        (uint256[] memory revoked,) = status.words(1, index >> 8, 1);
        require(revoked[0] == 1 << (index & 255), "another bit was written");
        (bool isRevoked, bool isSuspended) = status.statusOf(1, index);
        require(isRevoked && !isSuspended, "the status reads otherwise");
    }

    function testFuzz_anIndexBeyondTheListIsRefused(uint32 index) public {
        index = uint32(bound(index, 1 << 17, type(uint32).max));
        vm.prank(accountOf(1, "s", 0));
        try status.revoke(1, index, 0) {
            revert("an index beyond the list was taken");
        } catch {}
    }
}
