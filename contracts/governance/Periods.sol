// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAlliance} from "./IAlliance.sol";
import {IMembership} from "./IMembership.sol";
import {Names} from "../libraries/Names.sol";

/// @title The alliance's periods and the bounds that keep it able to act
abstract contract Periods is IAlliance {
    uint64 private constant SHORTEST_WINDOW = 1 minutes; // in which people vote or execute
    uint64 private constant LONGEST_PERIOD = 366 days;
    uint64 private constant HIGHEST_FLOOR = 1 hours;

    mapping(bytes32 => Period) private _periods; // a floor is never 0

    constructor(bytes32[] memory names, uint64[] memory values) {
        require(names.length == values.length, AllianceLengthMismatch(names.length, values.length));
        for (uint256 i = 0; i < names.length; ++i) {
            _addParameter(names[i], values[i]);
        }
        // without one of these the alliance could not act: reverts where it is missing
        parameter(Names.VOTING_PERIOD);
        parameter(Names.EXECUTION_DELAY);
        parameter(Names.EXECUTION_WINDOW);
        parameter(Names.CONTROLLER_DELAY);
        parameter(Names.RECOVERY_DELAY);
        parameter(Names.DIRECTORY_DELAY);
        parameter(Names.VOID_DELAY);
    }

    modifier onlySelf() {
        require(msg.sender == address(this), AllianceNotSelf(msg.sender));
        _;
    }

    /// @inheritdoc IMembership
    function setParameter(bytes32 name, uint64 value) external onlySelf {
        require(_periods[name].floor != 0, AllianceUnknownParameter(name));
        _setParameter(name, value, _periods[name].floor);
    }

    /// @inheritdoc IMembership
    function addParameter(bytes32 name, uint64 value) external onlySelf {
        _addParameter(name, value);
    }

    /// @inheritdoc IMembership
    function parameter(bytes32 name) public view returns (uint64) {
        require(_periods[name].floor != 0, AllianceUnknownParameter(name));
        return _periods[name].value;
    }

    /// @inheritdoc IMembership
    function parameterFloor(bytes32 name) external view returns (uint64) {
        require(_periods[name].floor != 0, AllianceUnknownParameter(name));
        return _periods[name].floor;
    }

    function _addParameter(bytes32 name, uint64 value) private {
        require(_periods[name].floor == 0, AllianceKnownParameter(name));
        _setParameter(name, value, 1);
        _periods[name].floor = uint64(Math.min(value, HIGHEST_FLOOR));
    }

    /// @dev None may be so short that nobody can act within it, or so long that the change of it cannot be lived to see;
    /// and who recovers waits longer than who controls, so that the controllers have a say.
    function _setParameter(bytes32 name, uint64 value, uint64 lowest) private {
        uint64 highest = LONGEST_PERIOD;
        if (name == Names.VOTING_PERIOD || name == Names.EXECUTION_WINDOW) {
            lowest = uint64(Math.max(lowest, SHORTEST_WINDOW));
        } else if (name == Names.RECOVERY_DELAY) {
            lowest = uint64(Math.max(lowest, _periods[Names.CONTROLLER_DELAY].value + 1));
        } else if (name == Names.CONTROLLER_DELAY && _periods[Names.RECOVERY_DELAY].floor != 0) {
            highest = _periods[Names.RECOVERY_DELAY].value - 1;
        }
        require(value >= lowest && value <= highest, AllianceParameterOutOfBounds(name, value, lowest, highest));
        _periods[name].value = value;
        emit ParameterChanged(name, value);
    }
}
