// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Directory} from "../../contracts/governance/Directory.sol";
import {Cheats} from "./Cheats.sol";
import {Suite} from "./Suite.sol";

/// @title A contract that may stand in the Directory
contract Target {}

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
    address[3] private _targets;

    Note[] public notes;

    constructor(Directory directory, address alliance) {
        (_directory, _alliance) = (directory, alliance);
        for (uint256 i = 0; i < _targets.length; ++i) {
            _targets[i] = address(new Target());
        }
    }

    function noteCount() external view returns (uint256) {
        return notes.length;
    }

    function set(uint256 nameSeed, uint256 targetSeed, uint16 layout, bool byAlliance) external {
        bytes32 name = _names[nameSeed % 4];
        address target = targetSeed % 8 == 0 ? address(uint160(targetSeed)) : _targets[targetSeed % 3];
        address before = _directory.current(name);
        vm.prank(byAlliance ? _alliance : address(this));
        try _directory.set(name, target, layout) {
            require(byAlliance && name != "Alliance" && layout != 0, "set what may not be");
            require(before == address(0) || _directory.current(name) == before, "a successor acts at once");
        } catch {}
    }

    function look(uint256 nameSeed) external {
        bytes32 name = _names[nameSeed % 4];
        notes.push(Note(name, uint40(block.timestamp), _directory.current(name)));
        vm.warp(block.timestamp + 1); // what is current may change within the second, and for the last time
    }

    function pass(uint24 secondsOn) external {
        vm.warp(block.timestamp + secondsOn % 2 days);
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
                last = from;
            }
        }
    }

    function invariant_theAllianceIsNeverReplaced() public view {
        require(directory.count("Alliance") == 1 && directory.current("Alliance") == address(alliance), "replaced");
    }
}
