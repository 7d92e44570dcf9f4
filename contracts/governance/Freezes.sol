// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Concurrence} from "./Concurrence.sol";
import {Founding} from "./Founding.sol";
import {IAlliance} from "./IAlliance.sol";
import {IControllers} from "./IControllers.sol";
import {Names} from "../libraries/Names.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title A GOVERN stops a stolen ADMIN before it is replaced
/// @dev A frozen ADMIN still retires operators and cuts them off from now on: a thief's freeze must not protect another's.
abstract contract Freezes is Concurrence, Founding {
    using SafeCast for uint256;

    uint40 private constant CONFIRMED = type(uint40).max;

    mapping(address => Freeze) private _freezes;

    /// @inheritdoc IControllers
    function freezeAdmin(address admin) external onlySealed {
        uint32 institution = _institutionOfAdmin(admin);
        _requireGovern(institution);
        Freeze memory last = _freezes[admin];
        require(block.timestamp > last.until, ControllersFrozen(admin, last.until));
        require(last.by != msg.sender, ControllersFreezeSpent(admin, msg.sender));
        IAlliance periods = IAlliance(alliance());
        uint256 length = uint256(periods.parameter(Names.RECOVERY_DELAY)) + periods.parameter(Names.VOTING_PERIOD);
        uint40 until = (block.timestamp + length).toUint40();
        _freezes[admin] = Freeze(msg.sender, until);
        emit AdminFrozen(institution, admin, msg.sender, until);
    }

    /// @inheritdoc IControllers
    function confirmFreeze(address admin) external {
        uint32 institution = _institutionOfAdmin(admin);
        _requireGovern(institution);
        Freeze memory freeze = _requireFreeze(admin);
        require(freeze.until != CONFIRMED, ControllersFrozen(admin, CONFIRMED));
        require(freeze.by != msg.sender, ControllersFreezeOf(admin, freeze.by));
        _freezes[admin].until = CONFIRMED;
        emit FreezeConfirmed(institution, admin, msg.sender);
    }

    /// @inheritdoc IControllers
    function liftFreeze(address admin) external {
        uint32 institution = _institutionOfAdmin(admin);
        Freeze memory freeze = _requireFreeze(admin);
        if (msg.sender != alliance()) {
            _requireGovern(institution);
            if (freeze.until == CONFIRMED) {
                if (_second(institution, bytes32(uint256(uint160(admin))), Roles.GOVERN) == address(0)) return;
            } else {
                require(freeze.by == msg.sender, ControllersFreezeOf(admin, freeze.by));
            }
        }
        _freezes[admin].until = 0; // who froze is remembered: not again
        emit FreezeLifted(institution, admin, msg.sender);
    }

    /// @inheritdoc IControllers
    function freezeOf(address admin) public view returns (Freeze memory) {
        return _freezes[admin];
    }

    /// @inheritdoc IControllers
    function isFrozen(address admin) public view returns (bool) {
        return block.timestamp <= _freezes[admin].until;
    }

    function _requireThawed(address admin) internal view {
        require(!isFrozen(admin), ControllersFrozen(admin, _freezes[admin].until));
    }

    function _requireFreeze(address admin) private view returns (Freeze memory freeze) {
        freeze = _freezes[admin];
        require(isFrozen(admin), ControllersNotFrozen(admin));
    }

    function _institutionOfAdmin(address admin) private view returns (uint32 institution) {
        uint16 roles;
        (institution,, roles) = roleOf(admin);
        require(roles & Roles.ADMIN != 0, ControllersNotAdmin(admin));
    }
}
