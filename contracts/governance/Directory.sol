// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Governed} from "./Governed.sol";
import {IAlliance} from "./IAlliance.sol";
import {IDirectory} from "./IDirectory.sol";
import {IGoverned} from "./IGoverned.sol";
import {INamed} from "./INamed.sol";
import {Names} from "../libraries/Names.sol";

/// @title Names, versions and addresses
contract Directory is IDirectory, Governed {
    using SafeCast for uint256;

    uint256 private constant PROBE_GAS = 50_000;
    uint16 private constant LAST_VERSION = 63; // fewer than the 64 that verifiers read
    bytes4 private constant PREDECESSOR = bytes4(keccak256("predecessor()"));

    mapping(bytes32 => uint16) private _counts;
    mapping(bytes32 => mapping(uint16 => Entry)) private _entries; // versions count from 1
    mapping(bytes32 => mapping(address => bool)) private _wasNamed;
    mapping(bytes32 => Newest) private _newest; // what `current` mostly needs, in one slot

    constructor(address alliance_, bytes32[] memory names, address[] memory addresses, uint16[] memory layouts)
        Governed(alliance_)
    {
        require(
            names.length == addresses.length && names.length == layouts.length,
            DirectoryLengthMismatch(names.length, addresses.length, layouts.length)
        );
        for (uint256 i = 0; i < names.length; ++i) {
            _enter(names[i], addresses[i], layouts[i], block.timestamp); // at genesis all act at once
        }
    }

    /// @inheritdoc IDirectory
    function set(bytes32 name, address target, uint16 layout) external onlyAlliance {
        require(!_isFixed(name), DirectoryNeverReplaced(name));
        Newest memory newest = _newest[name];
        require(newest.from <= block.timestamp, DirectoryEntryWaits(name, newest.version, newest.from));
        require(newest.version < LAST_VERSION, DirectoryTooManyVersions(name));
        require(target.code.length > 0, DirectoryNoCode(target));
        _requireFits(name, target);
        _requireFollows(name, target, newest.target);
        uint256 delay = IAlliance(alliance()).parameter(Names.DIRECTORY_DELAY);
        _enter(name, target, layout, block.timestamp + delay);
    }

    /// @inheritdoc IDirectory
    function cancel(bytes32 name, bytes32 document) external onlyAlliance {
        Newest memory newest = _newest[name];
        require(newest.from > block.timestamp, DirectoryNothingWaits(name));
        uint16 before = newest.version - 1;
        delete _entries[name][newest.version];
        delete _wasNamed[name][newest.target];
        _counts[name] = before;
        if (before == 0) delete _newest[name];
        else _newest[name] = Newest(_entries[name][before].target, _entries[name][before].from, before);
        emit EntryCancelled(name, newest.version, newest.target, document);
    }

    /// @inheritdoc IDirectory
    function current(bytes32 name) external view returns (address) {
        (address target,) = _now(name);
        return target;
    }

    /// @inheritdoc IDirectory
    function resolve(bytes32 name) external view returns (address target, uint16 version) {
        (target, version) = _now(name);
        require(version != 0, DirectoryUnknownName(name));
    }

    /// @inheritdoc IDirectory
    function at(bytes32 name, uint40 time) external view returns (address) {
        return _entries[name][_versionAt(name, time)].target;
    }

    /// @inheritdoc IDirectory
    function entry(bytes32 name, uint16 version) external view returns (Entry memory) {
        require(version != 0 && version <= _counts[name], DirectoryUnknownVersion(name, version));
        return _entries[name][version];
    }

    /// @inheritdoc IDirectory
    function count(bytes32 name) external view returns (uint16) {
        return _counts[name];
    }

    function _enter(bytes32 name, address target, uint16 layout, uint256 from) private {
        require(layout != 0, DirectoryZeroLayout(name));
        require(target.code.length > 0, DirectoryNoCode(target));
        // one that came back would count on from where it stopped, over its successor's numbers
        require(!_wasNamed[name][target], DirectoryNamedBefore(name, target));
        _wasNamed[name][target] = true;
        uint16 version = _counts[name] + 1;
        _counts[name] = version;
        _entries[name][version] = Entry(target, from.toUint40(), layout, target.codehash);
        _newest[name] = Newest(target, from.toUint40(), version);
        emit EntrySet(name, version, target, from.toUint40(), layout, target.codehash);
    }

    /// @dev The contract says that it is meant for this name; and where it knows an Alliance, Operators or Directory, they
    /// are the ones of this chain.
    function _requireFits(bytes32 name, address target) private view {
        (bool isKnown, bytes32 answer) = _ask(target, INamed.directoryName.selector);
        require(isKnown && answer == name, DirectoryUnfit(name, target, INamed.directoryName.selector));
        _requireAgrees(name, target, IGoverned.alliance.selector, alliance());
        _requireAgrees(name, target, bytes4(keccak256("operators()")), this.current(Names.OPERATORS));
        _requireAgrees(name, target, bytes4(keccak256("directory()")), address(this));
    }

    /// @dev What knows a predecessor knows the one in force; and where that one knows its own, its successor does too.
    function _requireFollows(bytes32 name, address target, address inForce) private view {
        _requireAgrees(name, target, PREDECESSOR, inForce);
        (bool isKnown,) = _ask(target, PREDECESSOR);
        if (isKnown || inForce == address(0)) return;
        (bool isNeeded,) = _ask(inForce, PREDECESSOR);
        require(!isNeeded, DirectoryUnfit(name, target, PREDECESSOR));
    }

    function _requireAgrees(bytes32 name, address target, bytes4 selector, address expected) private view {
        (bool isKnown, bytes32 answer) = _ask(target, selector);
        bool agrees = answer == bytes32(uint256(uint160(expected)));
        require(!isKnown || agrees, DirectoryUnfit(name, target, selector));
    }

    /// @dev What a view without parameters answers, asked with little gas and no right to change anything.
    function _ask(address target, bytes4 selector) private view returns (bool isKnown, bytes32 answer) {
        (bool isDone, bytes memory result) = target.staticcall{gas: PROBE_GAS}(abi.encodeWithSelector(selector));
        isKnown = isDone && result.length == 32;
        if (isKnown) answer = bytes32(result);
    }

    function _now(bytes32 name) private view returns (address target, uint16 version) {
        Newest memory newest = _newest[name];
        if (newest.from <= block.timestamp) return (newest.target, newest.version);
        version = newest.version - 1; // one entry waits at most
        target = _entries[name][version].target;
    }

    /// @dev The newest version with `from <= time`; 0 where there is none.
    function _versionAt(bytes32 name, uint256 time) private view returns (uint16 version) {
        version = _counts[name];
        while (version != 0 && _entries[name][version].from > time) --version;
    }

    function _isFixed(bytes32 name) private pure returns (bool) {
        return name == Names.ALLIANCE || name == Names.OPERATORS || name == Names.PERMISSIONS
            || name == Names.BLOCK_HISTORY || name == Names.KEYS;
    }
}
