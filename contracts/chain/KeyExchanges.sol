// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IAlliance} from "../governance/IAlliance.sol";
import {IOperators} from "../governance/IOperators.sol";
import {Names} from "../libraries/Names.sol";
import {Roles} from "../libraries/Roles.sol";
import {IKeyExchanges} from "./IKeyExchanges.sol";
import {Validators} from "./Validators.sol";

/// @title Keys of validators that give way to new ones
abstract contract KeyExchanges is IKeyExchanges, Validators {
    using SafeCast for uint256;

    uint256 private constant WINDOW = 30 days;
    uint256 private constant PAUSE = 1 days;

    mapping(bytes32 => Exchange) private _exchanges; // by the old key
    mapping(bytes32 => bytes32) private _follows; // entered key => old key
    mapping(uint32 => uint40) private _enteredAt; // institution => its last exchange's entering

    /// @inheritdoc IKeyExchanges
    function requestExchange(bytes32 oldKey, bytes32 newKey) external {
        uint32 institution = validator(oldKey).institution;
        require(institution != 0, PermissionsUnknownValidator(oldKey));
        _requireController(institution);
        Exchange memory before = _exchanges[oldKey];
        bool isLapsed = before.state != ExchangeState.Entered && block.timestamp > before.time + WINDOW;
        require(
            (before.state == ExchangeState.None || isLapsed) && _follows[oldKey] == 0,
            PermissionsExchangeUnderWay(oldKey)
        );
        _requireNew(newKey);
        _exchanges[oldKey] =
            Exchange(newKey, institution, block.timestamp.toUint40(), msg.sender, ExchangeState.Requested);
        emit ExchangeRequested(oldKey, newKey, institution, msg.sender);
    }

    /// @inheritdoc IKeyExchanges
    function approveExchange(bytes32 oldKey, bytes32 newKey) external {
        Exchange memory record = _exchanges[oldKey];
        require(
            record.state == ExchangeState.Requested && record.newKey == newKey,
            PermissionsNoExchange(oldKey, newKey, record.state)
        );
        _requireController(record.institution);
        require(record.account != msg.sender, PermissionsSameAccount(msg.sender));
        _requireTimely(oldKey, record.time);
        uint40 from = (block.timestamp + IAlliance(alliance()).parameter(Names.CONTROLLER_DELAY)).toUint40();
        _exchanges[oldKey].state = ExchangeState.Approved;
        _exchanges[oldKey].time = from;
        emit ExchangeApproved(oldKey, newKey, record.institution, msg.sender, from);
    }

    /// @inheritdoc IKeyExchanges
    function enterExchange(bytes32 oldKey) external {
        Exchange memory record = _exchanges[oldKey];
        bytes32 newKey = record.newKey;
        require(record.state == ExchangeState.Approved, PermissionsNoExchange(oldKey, newKey, record.state));
        require(block.timestamp >= record.time, PermissionsExchangeWaits(oldKey, record.time));
        _requireTimely(oldKey, record.time);
        uint256 next = _enteredAt[record.institution] + PAUSE;
        require(block.timestamp >= next, PermissionsOneExchangeADay(record.institution, next));
        _requireNew(newKey); // two exchanges may have named it
        _enteredAt[record.institution] = block.timestamp.toUint40();
        _exchanges[oldKey].state = ExchangeState.Entered;
        _follows[newKey] = oldKey;
        uint256 institutions = _validatingInstitutions();
        _countMovement(1);
        _writePower(newKey, 1, record.institution);
        _requireSound(institutions);
        emit ExchangeEntered(oldKey, newKey, record.institution);
    }

    /// @inheritdoc IKeyExchanges
    function cancelExchange(bytes32 oldKey) external {
        Exchange memory record = _exchanges[oldKey];
        require(
            record.state != ExchangeState.None, PermissionsNoExchange(oldKey, record.newKey, ExchangeState.None)
        );
        if (msg.sender != alliance()) _requireController(record.institution);
        _forget(oldKey, record);
        if (record.state != ExchangeState.Entered) return;
        uint256 institutions = _validatingInstitutions();
        _countMovement(1);
        _writePower(record.newKey, 0, record.institution);
        _requireSound(institutions);
    }

    /// @inheritdoc IKeyExchanges
    function confirmSigning(bytes32 newKey) external onlySystem {
        bytes32 oldKey = _follows[newKey];
        if (oldKey == 0) return;
        Validator memory old = validator(oldKey);
        if (_validatingInstitutions() >= SMALL_ALLIANCE) {
            if (!_isSmallMove(old.power) || _strongIn(_total() - 1) != 0) return;
        }
        delete _follows[newKey];
        delete _exchanges[oldKey];
        _countMovement(old.power); // it changes its key, and moves once
        _writePower(newKey, old.power, old.institution);
        _writePower(oldKey, 0, old.institution);
        emit KeyExchanged(oldKey, newKey, old.institution, old.power);
    }

    /// @inheritdoc IKeyExchanges
    function exchange(bytes32 oldKey) external view returns (Exchange memory) {
        return _exchanges[oldKey];
    }

    /// @inheritdoc IKeyExchanges
    function follows(bytes32 newKey) external view returns (bytes32) {
        return _follows[newKey];
    }

    /// @dev A key that leaves takes its exchange with it, whether it was to go or to come.
    function _onLeaving(bytes32 key) internal override {
        bytes32 oldKey = _follows[key] == 0 ? key : _follows[key];
        Exchange memory record = _exchanges[oldKey];
        if (record.state != ExchangeState.None) _forget(oldKey, record);
    }

    /// @dev A key that follows another is raised by signing alone.
    function _requireRaisable(bytes32 key) internal view override {
        require(_follows[key] == 0, PermissionsExchangeUnderWay(_follows[key]));
    }

    function _forget(bytes32 oldKey, Exchange memory record) private {
        delete _exchanges[oldKey];
        delete _follows[record.newKey];
        emit ExchangeCancelled(oldKey, record.newKey, record.institution, msg.sender);
    }

    function _requireController(uint32 institution) private view {
        IOperators asked = IOperators(operators());
        require(
            asked.hasRole(msg.sender, institution, Roles.GOVERN) || asked.hasRole(msg.sender, institution, Roles.ADMIN),
            PermissionsNotController(msg.sender, institution)
        );
    }

    function _requireNew(bytes32 key) private view {
        uint32 user = usedBy(key);
        require(key != 0 && user == 0, PermissionsKeyUsedBefore(key, user));
    }

    function _requireTimely(bytes32 oldKey, uint256 time) private view {
        require(block.timestamp <= time + WINDOW, PermissionsExchangeLapsed(oldKey, time + WINDOW));
    }
}
