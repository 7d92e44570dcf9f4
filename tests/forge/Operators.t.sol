// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Operators} from "../../contracts/governance/Operators.sol";
import {IControllers} from "../../contracts/governance/IControllers.sol";
import {IOperators} from "../../contracts/governance/IOperators.sol";
import {Cheats} from "./Cheats.sol";
import {Suite} from "./Suite.sol";

/// @title ADMINs that come and go, accounts that two institutions court, and the Alliance
contract OperatorActors is Cheats {
    bytes32 private constant ACCEPTANCE =
        keccak256("Acceptance(address account,uint32 institution,uint16 roles,uint256 nonce,uint256 deadline)");
    uint32 private constant INSTITUTIONS = 3;

    Operators private immutable _operators;
    address private immutable _alliance;
    uint256[] private _keys; // of every account of this small world
    address[] private _accounts; // of these keys

    mapping(address => uint32) public belongs; // first institution seen
    mapping(address => bool) public isCompromised;

    constructor(Operators operators, address alliance, uint256[] memory keys) {
        (_operators, _alliance, _keys) = (operators, alliance, keys);
        for (uint256 i = 0; i < keys.length; ++i) {
            _accounts.push(vm.addr(keys[i]));
        }
        _note();
    }

    function accountCount() external view returns (uint256) {
        return _keys.length;
    }

    function accountAt(uint256 place) public view returns (address) {
        return _accounts[place % _accounts.length];
    }

    function addOperator(uint256 adminSeed, uint256 accountSeed, uint256 signerSeed, uint32 institution, uint16 roles)
        external
    {
        institution = _institution(institution);
        roles = roles % 4 == 0 ? roles : uint16(2 * bound(roles, 1, 3)); // mostly ISSUE, STATUS or both
        address admin = _admin(institution, adminSeed);
        uint256 place = _place(institution, accountSeed);
        address account = accountAt(place);
        uint256 signer = _keys[(signerSeed % 4 == 0 ? signerSeed : place) % _keys.length];
        bytes memory acceptance = _accept(signer, account, institution, roles);
        vm.prank(admin);
        try _operators.addOperator(account, roles, type(uint256).max, acceptance) {
            require(vm.addr(signer) == account, "added without the account's consent");
            require(roles != 0 && roles & 9 == 0, "ADMIN gave a controlling role");
        } catch {}
        _note();
    }

    function retire(uint256 adminSeed, uint256 accountSeed, uint32 institution) external {
        address account = accountAt(accountSeed);
        (uint32 own,, uint16 roles) = _operators.roleOf(account);
        address admin = _admin(_institution(institution), adminSeed);
        bool may = _operators.hasRole(admin, own, 8) && roles & 9 == 0;
        vm.prank(admin);
        try _operators.retireOperator(account) {
            require(may, "retired by one who may not");
        } catch {}
    }

    function compromise(bool byAlliance, uint256 adminSeed, uint256 accountSeed, uint32 institution, uint40 back)
        external
    {
        address account = accountAt(accountSeed);
        (uint32 own, uint16 index, uint16 roles) = _operators.roleOf(account);
        if (byAlliance && roles & 9 != 0 && back % 8 != 0) return; // else nobody would be left
        address caller = byAlliance ? _alliance : _admin(_institution(institution), adminSeed);
        bool may = byAlliance || (_operators.hasRole(caller, own, 8) && roles & 9 == 0 && back % 100 days <= 90 days);
        uint40 before = _operators.operator(own, index).compromisedSince;
        uint40 since = uint40(block.timestamp) - back % 100 days;
        vm.prank(caller);
        try _operators.markOperatorCompromised(account, since) {
            require(may, "marked by one who may not");
            require(before == 0 || since < before, "a cut-off moved to a later time");
            isCompromised[account] = true;
        } catch {}
    }

    /// @dev The Alliance replaces controllers by whatever accounts: the contract keeps what must hold.
    function replace(uint32 institution, uint256[3] memory governSeeds, uint256 adminSeed, uint256 recoverySeed)
        external
    {
        institution = _institution(institution);
        IControllers.Controllers memory set;
        set.govern = new address[](1 + governSeeds[2] % 3);
        for (uint256 i = 0; i < set.govern.length; ++i) {
            set.govern[i] = accountAt(_place(institution, governSeeds[i]));
        }
        set.admin = new address[](1);
        set.admin[0] = accountAt(_place(institution, adminSeed));
        set.recovery = accountAt(_place(institution, recoverySeed));
        IControllers.Acceptance[] memory acceptances = _consents(institution, set);
        vm.prank(_alliance);
        try _operators.replaceControllers(institution, set, acceptances) {
            require(set.govern.length >= 2, "too few govern");
        } catch {}
        _note();
    }

    /// @dev Of each account that is new in the set, in the order that the contract takes them.
    function _consents(uint32 institution, IControllers.Controllers memory set)
        private
        view
        returns (IControllers.Acceptance[] memory acceptances)
    {
        IControllers.Acceptance[] memory all = new IControllers.Acceptance[](set.govern.length + set.admin.length + 1);
        uint256 used = 0;
        for (uint256 i = 0; i < set.govern.length + set.admin.length; ++i) {
            bool isGovern = i < set.govern.length;
            address account = isGovern ? set.govern[i] : set.admin[i - set.govern.length];
            uint16 role = isGovern ? 1 : 8;
            if (!_operators.hasRole(account, institution, role)) {
                all[used++] = _consent(account, institution, role);
            }
        }
        if (set.recovery != _operators.recoveryOf(institution)) all[used++] = _consent(set.recovery, institution, 0);
        acceptances = new IControllers.Acceptance[](used);
        for (uint256 i = 0; i < used; ++i) {
            acceptances[i] = all[i];
        }
    }

    function _consent(address account, uint32 institution, uint16 role)
        private
        view
        returns (IControllers.Acceptance memory)
    {
        for (uint256 i = 0; i < _keys.length; ++i) {
            if (_accounts[i] == account) {
                bytes memory signature = _accept(_keys[i], account, institution, role);
                return IControllers.Acceptance(type(uint256).max, signature);
            }
        }
        revert("nobody's account");
    }

    function pass(uint24 secondsOn) external {
        vm.warp(block.timestamp + secondsOn);
    }

    function _note() private {
        for (uint256 i = 0; i < _keys.length; ++i) {
            address account = accountAt(i);
            if (belongs[account] == 0) belongs[account] = _operators.referenceOf(account).institution;
        }
    }

    function _institution(uint32 seed) private pure returns (uint32) {
        return uint32(bound(seed, 1, INSTITUTIONS));
    }

    /// @dev Mostly an ADMIN of the institution.
    function _admin(uint32 institution, uint256 seed) private view returns (address) {
        address[] memory admins = _operators.controllers(institution).admin;
        return seed % 8 == 0 || admins.length == 0 ? accountAt(seed) : admins[seed % admins.length];
    }

    /// @dev Mostly the place of an account that is the institution's or nobody's, and in good hands.
    function _place(uint32 institution, uint256 seed) private view returns (uint256 place) {
        place = seed % _keys.length;
        for (uint256 i = 0; i < 6 && seed % 16 != 0; ++i) {
            address account = accountAt(place);
            uint32 owner = _operators.referenceOf(account).institution;
            if ((owner == 0 || owner == institution) && !isCompromised[account]) return place;
            place = uint256(keccak256(abi.encode(seed, i))) % _keys.length;
        }
    }

    function _accept(uint256 key, address account, uint32 institution, uint16 roles)
        private
        view
        returns (bytes memory)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"),
                keccak256("Testamur Operators"),
                keccak256("1"),
                block.chainid,
                address(_operators),
                _operators.origin()
            )
        );
        uint256 nonce = _operators.referenceOf(account).nonce;
        bytes32 content = keccak256(abi.encode(ACCEPTANCE, account, institution, roles, nonce, type(uint256).max));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, content)));
        return abi.encodePacked(r, s, v);
    }
}

/// @title Claims on who acts for whom, that hold whatever was called
contract OperatorsTest is Suite {
    OperatorActors private actors;

    function setUp() public {
        deploy(3);
        uint256[] memory keys = new uint256[](24);
        bytes6 roles = "ggaisr";
        for (uint32 i = 0; i < 3; ++i) {
            for (uint256 j = 0; j < 6; ++j) {
                keys[6 * i + j] = keyOf(i + 1, roles[j], j == 1 ? 1 : 0);
            }
        }
        for (uint256 i = 18; i < keys.length; ++i) {
            keys[i] = keyOf(0, "n", i);
        }
        actors = new OperatorActors(operators, address(alliance), keys);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_referenceCountsEqualActiveOperatorsAndRecoveryAccounts() public view {
        for (uint256 i = 0; i < actors.accountCount(); ++i) {
            address account = actors.accountAt(i);
            (uint32 institution,, uint16 roles) = operators.roleOf(account);
            uint32 reasons = roles == 0 ? 0 : 1;
            if (institution != 0 && operators.controllers(institution).recovery == account) ++reasons;
            require(permissions.account(account).transact == reasons, "a reference count is off");
        }
    }

    function invariant_theRecoveryAccountIsInGoodHandsAndActsForNothingElse() public view {
        for (uint32 institution = 1; institution <= 3; ++institution) {
            IOperators.Reference memory recovery = operators.referenceOf(operators.recoveryOf(institution));
            require(recovery.institution == institution, "no recovery account");
            require(recovery.roles == 0 && recovery.compromisedSince == 0, "the recovery account acts, or was stolen");
        }
    }

    function invariant_activeCountsEqualActiveEntries() public view {
        for (uint32 institution = 1; institution <= 3; ++institution) {
            IOperators.Institution memory counts = operators.institutionOf(institution);
            uint16 active = 0;
            for (uint16 i = 1; i <= counts.operatorCount; ++i) {
                if (operators.operator(institution, i).until == 0) ++active;
            }
            require(active == counts.activeCount && active <= 64, "an active count is off");
        }
    }

    function invariant_anAccountBelongsToOneInstitutionForEver() public view {
        for (uint256 i = 0; i < actors.accountCount(); ++i) {
            address account = actors.accountAt(i);
            require(operators.referenceOf(account).institution == actors.belongs(account), "an account changed hands");
        }
    }

    function invariant_aCompromisedAccountNeverActsAgain() public view {
        for (uint256 i = 0; i < actors.accountCount(); ++i) {
            address account = actors.accountAt(i);
            (,, uint16 roles) = operators.roleOf(account);
            require(!actors.isCompromised(account) || roles == 0, "a compromised account acts");
        }
    }
}
