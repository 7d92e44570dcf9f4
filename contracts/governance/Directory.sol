// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Governed} from "./Governed.sol";
import {IAlliance} from "./IAlliance.sol";
import {IDirectory} from "./IDirectory.sol";
import {Names} from "../libraries/Names.sol";

/// @title Names, versions and addresses
contract Directory is IDirectory, Governed {
    using SafeCast for uint256;

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
            _set(names[i], addresses[i], layouts[i]);
        }
    }

    /// @inheritdoc IDirectory
    function set(bytes32 name, address target, uint16 layout) external onlyAlliance {
        _set(name, target, layout);
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

    function _set(bytes32 name, address target, uint16 layout) private {
        require(layout != 0, DirectoryZeroLayout(name));
        require(target.code.length > 0, DirectoryNoCode(target));
        // one that came back would count on from where it stopped, over its successor's numbers
        require(!_wasNamed[name][target], DirectoryNamedBefore(name, target));
        _wasNamed[name][target] = true;
        uint16 version = _counts[name] + 1;
        uint256 from = block.timestamp;
        if (version > 1) {
            require(!_isFixed(name), DirectoryNeverReplaced(name));
            // never before the one it follows, whatever became of the delay
            from = Math.max(
                from + IAlliance(alliance()).parameter(Names.DIRECTORY_DELAY), _entries[name][version - 1].from
            );
        }
        _counts[name] = version;
        _entries[name][version] = Entry(target, from.toUint40(), layout, target.codehash);
        _newest[name] = Newest(target, from.toUint40(), version);
        emit EntrySet(name, version, target, from.toUint40(), layout, target.codehash);
    }

    function _now(bytes32 name) private view returns (address target, uint16 version) {
        Newest memory newest = _newest[name];
        if (newest.from <= block.timestamp) return (newest.target, newest.version);
        version = _versionAt(name, block.timestamp);
        target = _entries[name][version].target;
    }

    /// @dev The newest version with `from <= time`; 0 where there is none. Waiting versions are few.
    function _versionAt(bytes32 name, uint256 time) private view returns (uint16 version) {
        version = _counts[name];
        while (version != 0 && _entries[name][version].from > time) --version;
    }

    function _isFixed(bytes32 name) private pure returns (bool) {
        return name == Names.ALLIANCE || name == Names.OPERATORS || name == Names.PERMISSIONS
            || name == Names.BLOCK_HISTORY;
    }
}
