// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Keys} from "../../contracts/registry/Keys.sol";
import {IssuerRegistry} from "../../contracts/registry/IssuerRegistry.sol";
import {IKeys} from "../../contracts/registry/IKeys.sol";
import {Cheats} from "./Cheats.sol";
import {Suite} from "./Suite.sol";

/// @title Two institutions' ADMIN and GOVERN accounts and the Alliance, over the same few keys; with a note of every
/// signature that was anchored, and of what a person who looked on would say of each key
contract KeyActors is Cheats {
    struct Note {
        uint32 institution;
        bytes32 keyHash;
        uint40 time;
        bool wasTheirs; // the institution had added the key, and had not ended it
    }

    struct Seen {
        bool isAdded;
        uint40 end; // the earliest one; 0: none
        uint40 cut; // since when it is in wrong hands; 0: nobody says so
        uint40 votedAt; // when a vote last moved `cut` later
        uint40 votedCut;
        uint16 votes;
    }

    uint256 private constant KEYS = 3;
    uint256 private constant MOST_NOTES = 64;

    Keys private immutable _keys;
    address private immutable _alliance;
    address[3] private _admins; // by institution
    address[3] private _governs;

    Note[] public notes;
    mapping(uint32 => mapping(bytes32 => Seen)) public seen;

    constructor(Keys keys, address alliance, address[3] memory admins, address[3] memory governs) {
        (_keys, _alliance, _admins, _governs) = (keys, alliance, admins, governs);
    }

    function noteCount() external view returns (uint256) {
        return notes.length;
    }

    function keyOf(uint256 seed) public pure returns (bytes32) {
        return word("key", seed % KEYS);
    }

    function hashOf(uint256 seed) public pure returns (bytes32) {
        return keccak256(abi.encodePacked(keyOf(seed)));
    }

    function add(uint256 seed, uint256 keySeed) external {
        uint32 institution = _institution(seed);
        bool isNew = !seen[institution][hashOf(keySeed)].isAdded;
        vm.prank(_admins[institution]);
        try _keys.addKey(keyOf(keySeed), uint8(1 + seed / 4 % 2)) {
            require(isNew, "added twice");
            seen[institution][hashOf(keySeed)].isAdded = true;
        } catch {
            require(!isNew, "who came first hindered another");
        }
    }

    /// @dev What institution `seed` signs with any of the keys is anchored now.
    function sign(uint256 seed, uint256 keySeed) external {
        if (notes.length == MOST_NOTES) return;
        uint32 institution = _institution(seed);
        Seen memory s = seen[institution][hashOf(keySeed)];
        bool wasTheirs = s.isAdded && (s.end == 0 || block.timestamp < s.end);
        notes.push(Note(institution, hashOf(keySeed), uint40(block.timestamp), wasTheirs));
        vm.warp(block.timestamp + 1);
    }

    function retire(uint256 seed, uint256 keySeed, uint24 later) external {
        uint32 institution = _institution(seed);
        uint40 until = later % 4 == 0 ? 0 : uint40(block.timestamp) + later % 30 days;
        vm.prank(seed % 5 == 0 ? _alliance : _admins[institution]);
        try _keys.retireKey(institution, hashOf(keySeed), until) {
            Seen storage s = seen[institution][hashOf(keySeed)];
            uint40 end = until == 0 ? uint40(block.timestamp) : until;
            if (s.end == 0 || end < s.end) s.end = end;
        } catch {}
    }

    function mark(uint256 seed, uint256 keySeed, uint24 earlier) external {
        uint32 institution = _institution(seed);
        uint40 since = uint40(block.timestamp) - earlier % 100 days;
        bool byVote = seed % 8 == 0;
        vm.prank(byVote ? _alliance : _admins[institution]);
        try _keys.markKeyCompromised(institution, hashOf(keySeed), since) {
            Seen storage s = seen[institution][hashOf(keySeed)];
            if (s.cut == 0 || since < s.cut) s.cut = since;
            if (byVote) s.votedAt = 0;
        } catch {}
    }

    function restore(uint256 seed, uint256 keySeed, uint24 earlier) external {
        uint32 institution = _institution(seed);
        uint40 since = uint40(block.timestamp) - earlier % 100 days;
        vm.prank(_alliance);
        try _keys.restoreKey(institution, hashOf(keySeed), since, 0) {
            _restored(institution, hashOf(keySeed), since);
        } catch {}
    }

    function consent(uint256 seed, uint256 keySeed) external {
        uint32 institution = _institution(seed);
        vm.prank(_governs[_institution(seed / 2 % 5 == 0 ? seed + 1 : seed)]); // sometimes another institution's
        try _keys.consentToClearKey(institution, hashOf(keySeed)) {
            require(seed / 2 % 5 != 0, "another institution consented");
        } catch {}
    }

    function clear(uint256 seed, uint256 keySeed) external {
        uint32 institution = _institution(seed);
        vm.prank(seed % 5 == 0 ? _admins[institution] : _alliance);
        try _keys.clearKey(institution, hashOf(keySeed), 0) {
            require(seed % 5 != 0, "an ADMIN took its cut-off away");
            _restored(institution, hashOf(keySeed), 0);
        } catch {}
    }

    function pass(uint24 secondsOn) external {
        vm.warp(block.timestamp + secondsOn % 40 days);
    }

    function _restored(uint32 institution, bytes32 keyHash, uint40 cut) private {
        Seen storage s = seen[institution][keyHash];
        (s.cut, s.votedCut, s.votedAt) = (cut, cut, uint40(block.timestamp));
        ++s.votes;
    }

    function _institution(uint256 seed) private pure returns (uint32) {
        return uint32(1 + seed % 2);
    }
}

/// @title Claims on keys that hold whoever does what, and the first edition's attacks, which fail
contract KeysTest is Suite {
    bytes32 private constant KEY = keccak256("ed25519 of institution 1");
    bytes32 private constant HASH = keccak256(abi.encodePacked(KEY));

    KeyActors private actors;

    function setUp() public {
        deploy(4);
        address[3] memory admins = [address(0), accountOf(1, "a", 0), accountOf(2, "a", 0)];
        address[3] memory governs = [address(0), accountOf(1, "g", 0), accountOf(2, "g", 0)];
        vm.warp(START + 200 days);
        actors = new KeyActors(keys, address(alliance), admins, governs);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_noKeyThatWasNotTheIssuersAtTheAnchoringSigns() public view {
        for (uint256 i = 0; i < actors.noteCount(); ++i) {
            (uint32 institution, bytes32 keyHash, uint40 time, bool wasTheirs) = actors.notes(i);
            (,, uint40 cut,,,) = actors.seen(institution, keyHash);
            bool expected = wasTheirs && (cut == 0 || time < cut);
            require(_counts(institution, keyHash, time) == expected, "another key signs than the issuer's");
        }
    }

    function invariant_anAdminUndoesNoVoteOfTheLast90Days() public view {
        for (uint32 institution = 1; institution <= 2; ++institution) {
            for (uint256 i = 0; i < 3; ++i) {
                bytes32 keyHash = actors.hashOf(i);
                (,,, uint40 votedAt, uint40 votedCut, uint16 votes) = actors.seen(institution, keyHash);
                IKeys.Key memory record = keys.key(institution, keyHash);
                require(record.clearings == votes, "a restoration was not counted");
                bool isFresh = votedAt != 0 && block.timestamp < votedAt + 90 days;
                require(!isFresh || record.compromisedSince == votedCut, "an ADMIN undid a vote");
            }
        }
    }

    /// @dev First edition, 1: one stolen ADMIN key voided 90 days of credentials for ever.
    function testFuzz_whatAStolenAdminCutsOffAVoteMends(uint40 back) public {
        back = uint40(bound(back, 0, 90 days));
        vm.prank(accountOf(1, "a", 0));
        keys.addKey(KEY, 1);
        uint40 anchored = uint40(block.timestamp);
        vm.warp(anchored + 89 days);
        uint40 now_ = uint40(block.timestamp);
        vm.prank(accountOf(1, "a", 0));
        keys.markKeyCompromised(1, HASH, now_ - back);
        require(_counts(1, HASH, anchored) == (anchored < now_ - back), "not cut off");
        if (back != 0) {
            vm.prank(address(alliance));
            keys.restoreKey(1, HASH, now_, keccak256("minutes"));
        }
        vm.prank(accountOf(1, "a", 0));
        (bool isAgain,) = address(keys).call(abi.encodeCall(IKeys.markKeyCompromised, (1, HASH, anchored)));
        require(isAgain == (back == 0), "the thief cuts off again");
        require(back == 0 || _counts(1, HASH, anchored), "not mended");
    }

    /// @dev First edition, 4 and 4b: keys were squatted in the next IssuerRegistry, and began anew in it.
    function testFuzz_aSuccessorOfTheRegistryTouchesNoKey(uint32 squatter, uint8 usage) public {
        squatter = uint32(bound(squatter, 2, 4));
        vm.prank(accountOf(1, "a", 0));
        keys.addKey(KEY, 1);
        bytes32 before = keccak256(abi.encode(keys.key(1, HASH)));
        uint40 anchored = uint40(block.timestamp);
        vm.warp(anchored + 30 days);
        _succeed();
        vm.prank(accountOf(squatter, "a", 0));
        keys.addKey(KEY, 1 + usage % 2);
        require(keccak256(abi.encode(keys.key(1, HASH))) == before, "the key changed");
        require(_counts(1, HASH, anchored), "history is void");
        require(directory.current("Keys") == address(keys), "Keys was replaced");
        vm.prank(address(alliance));
        (bool isReplaced,) =
            address(directory).call(abi.encodeWithSignature("set(bytes32,address,uint16)", bytes32("Keys"), keys, 1));
        require(!isReplaced, "Keys can be replaced");
    }

    function _succeed() private {
        address next = address(
            new IssuerRegistry(address(alliance), address(operators), address(directory), address(registry))
        );
        vm.prank(address(alliance));
        directory.set("IssuerRegistry", next, 1);
        vm.warp(block.timestamp + DIRECTORY_DELAY);
        require(directory.current("IssuerRegistry") == next, "no successor");
    }

    /// @dev What a verifier asks of the record, but for the heartbeat.
    function _counts(uint32 institution, bytes32 keyHash, uint40 time) private view returns (bool) {
        IKeys.Key memory record = keys.key(institution, keyHash);
        return record.institution == institution && record.since <= time && (record.until == 0 || time < record.until)
            && (record.compromisedSince == 0 || time < record.compromisedSince);
    }
}
