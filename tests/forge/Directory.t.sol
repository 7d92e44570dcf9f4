// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Directory} from "../../contracts/governance/Directory.sol";
import {INamed} from "../../contracts/governance/INamed.sol";
import {Cheats} from "./Cheats.sol";
import {Suite} from "./Suite.sol";

/// @title A contract that may stand in the Directory under one name
contract Target is INamed {
    bytes32 public immutable directoryName;

    constructor(bytes32 name) {
        directoryName = name;
    }
}

/// @title The Alliance naming successors, strangers who try, and the clock; with a note of what was current when
contract DirectoryActors is Cheats {
    struct Note {
        bytes32 name;
        uint40 time;
        address target;
    }

    Directory private immutable _directory;
    address private immutable _alliance;
    bytes32[4] private _names = [bytes32("StatusRegistry"), "CredentialBatches", "Alliance", "Something"];
    address[4][4] private _targets; // by name; the last of each is meant for the next name

    Note[] public notes;

    constructor(Directory directory, address alliance) {
        (_directory, _alliance) = (directory, alliance);
        for (uint256 i = 0; i < 16; ++i) {
            _targets[i / 4][i % 4] = address(new Target(_names[(i / 4 + i % 4 / 3) % 4]));
        }
    }

    function noteCount() external view returns (uint256) {
        return notes.length;
    }

    function set(uint256 nameSeed, uint256 targetSeed, uint16 layout, bool byAlliance) external {
        bytes32 name = _names[nameSeed % 4];
        address target = targetSeed % 8 == 0 ? address(uint160(targetSeed)) : _targets[nameSeed % 4][targetSeed % 4];
        address before = _directory.current(name);
        bool isWaiting = _isWaiting(name);
        vm.prank(byAlliance ? _alliance : address(this));
        try _directory.set(name, target, layout) {
            require(byAlliance && name != "Alliance" && layout != 0 && !isWaiting, "set what may not be");
            require(INamed(target).directoryName() == name, "set what is meant for another name");
            require(_directory.current(name) == before, "an entry acts at once");
        } catch {}
    }

    function cancel(uint256 nameSeed, bool byAlliance) external {
        bytes32 name = _names[nameSeed % 4];
        address before = _directory.current(name);
        bool isWaiting = _isWaiting(name);
        vm.prank(byAlliance ? _alliance : address(this));
        try _directory.cancel(name, "slip") {
            require(byAlliance && isWaiting, "cancelled what may not be");
            require(!_isWaiting(name) && _directory.current(name) == before, "cancelling changed what acts");
        } catch {
            require(!byAlliance || !isWaiting, "a slip was not cancelled");
        }
    }

    function look(uint256 nameSeed) external {
        bytes32 name = _names[nameSeed % 4];
        notes.push(Note(name, uint40(block.timestamp), _directory.current(name)));
        vm.warp(block.timestamp + 1); // what is current may change within the second, and for the last time
    }

    function pass(uint24 secondsOn) external {
        vm.warp(block.timestamp + secondsOn % 2 days);
    }

    function _isWaiting(bytes32 name) private view returns (bool) {
        uint16 count = _directory.count(name);
        return count != 0 && _directory.entry(name, count).from > block.timestamp;
    }
}

/// @title Claims on the Directory that hold whatever was voted
contract DirectoryTest is Suite {
    DirectoryActors private actors;

    function setUp() public {
        deploy(1);
        actors = new DirectoryActors(directory, address(alliance));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_whatWasCurrentThenIsSoForEver() public view {
        for (uint256 i = 0; i < actors.noteCount(); ++i) {
            (bytes32 name, uint40 time, address target) = actors.notes(i);
            require(directory.at(name, time) == target, "the past changed");
        }
    }

    function invariant_versionsFollowOneAnother() public view {
        bytes32[2] memory names = [bytes32("StatusRegistry"), "Something"];
        for (uint256 i = 0; i < names.length; ++i) {
            uint40 last = 0;
            for (uint16 version = 1; version <= directory.count(names[i]); ++version) {
                uint40 from = directory.entry(names[i], version).from;
                require(from >= last, "a version acts before the one it follows");
                bool isLast = version == directory.count(names[i]);
                require(isLast || from <= block.timestamp, "two entries wait, or one that never acted is kept");
                last = from;
            }
        }
    }

    function invariant_theAllianceIsNeverReplaced() public view {
        require(directory.count("Alliance") == 1 && directory.current("Alliance") == address(alliance), "replaced");
    }
}
